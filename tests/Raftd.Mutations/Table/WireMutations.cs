namespace Raftd.Mutations.Table;

/// <summary>Streams between members, and what peers say on them: calls to the leader, snapshots, removals.</summary>
internal static class WireMutations
{
    private const string Dispatch = "src/Raftd.Node/Peers/SnapshotDispatch.cs";
    private const string Intake = "src/Raftd.Node/Peers/SnapshotIntake.cs";
    private const string Reception = "src/Raftd.Node/Peers/SnapshotReception.cs";
    private const string Router = "src/Raftd.Node/Forwarding/LeaderRouter.cs";
    private const string Sending = "src/Raftd.Node/Peers/SnapshotSending.cs";
    private const string Server = "src/Raftd.Node/Peers/Http/PeerServer.cs";
    private const string Session = "src/Raftd.Node/Forwarding/CallSession.cs";
    private const string Slot = "src/Raftd.Node/Peers/SnapshotSlot.cs";
    private const string Link = "src/Raftd.Node/Forwarding/LeaderLink.cs";
    private const string Verdict = "src/Raftd.Node/Peers/RemovalVerdict.cs";

    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "peers-messages-uncounted",
            Failures = [23],
            Wrong = "messages of peers are counted by pieces: a slow core holds gigabytes of them",
            File = "src/Raftd.Node/Replication/Replica.Requests.cs",
            Original = "!_received.TryTake(bytes)",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-message-on-any-stream",
            Failures = [69],
            Wrong = "a MsgSnap on a stream of messages reaches the core, which installs what was never received: the process ends",
            File = "src/Raftd.Node/Peers/PeerPaths.cs",
            Original = "«kind != MessageKind.MsgSnap && IsEntries(kind) == (path == Entries)»;",
            Broken = "true",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "one-word-ends-a-member",
            Failures = [15],
            Wrong = "one peer that says a member is gone ends it for good",
            File = Verdict,
            Original = "Math.Min(WitnessesNeeded, others)",
            Broken = "1",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "removal-by-an-old-configuration",
            Failures = [15],
            Wrong = "a peer with an old disk says that a member is gone which was added since, and is believed",
            File = Verdict,
            Original = "if («!isNews»)",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "sent-calls-are-sent-again",
            Failures = [67],
            Wrong = "a write whose stream broke is sent to the next leader again, and may be done twice",
            File = Link,
            Original = "if («request.ChangesState») { request.Lost(reason); }",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "unsent-calls-are-unknown",
            Failures = [67],
            Wrong = "a write that was never sent is answered as unknown, as if it might have been done",
            File = Link,
            Original = "foreach (var request in unsent) { «_router.ComeBack(request, $\"the leader {Leader} cannot be reached: {reason}\");» }",
            Broken = "request.Lost(reason);",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "calls-before-the-leader-lets-them-in",
            Failures = [67],
            Wrong = "calls are sent on a stream that the leader then refuses: they are taken for sent, and are unknown",
            File = Link,
            Original = "if («!_isOpen || _isOver || _waiting.Count == 0») { return WireOutput.Nothing; }",
            Broken = "_isOver || _waiting.Count == 0",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "broken-machine-ends-its-stream",
            Failures = [69],
            Wrong = "an invariant broken by what a peer sent ends that peer's stream, and the member goes on with it (docs/architecture.md)",
            File = Server,
            Original = "new GuardedMachine(machine, «failed»)",
            Broken = "static _ => { }",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "broken-own-machine-ends-its-stream",
            Failures = [69],
            Wrong = "the same on a stream that this member opened",
            File = "src/Raftd.Node/Peers/Http/HttpPeerWire.cs",
            Original = "new GuardedOutgoing(machine, «failed»)",
            Broken = "static _ => { }",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "broken-door-answers-500",
            Failures = [69],
            Wrong = "an invariant broken while a peer is let in is an answer to that peer, and the member goes on with it",
            File = Server,
            Original = "_failed(failure);",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "malformed-bytes-end-the-process",
            Failures = [69],
            Wrong = "bytes that no member sends end the receiver's process",
            File = "src/Raftd.Node/Peers/Http/GuardedMachine.cs",
            Original = "failure is not InvalidDataException",
            Broken = "true",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-sender-silent-for-ever",
            Failures = [21],
            Wrong = "a sender that falls silent keeps its stream, and the leader waits for its end",
            File = Reception,
            Original = "time.GetElapsedTime(Volatile.Read(ref _heardAt)) >= SnapshotIntake.SilenceLimit",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "bytes-behind-a-snapshot-empty-its-place",
            Failures = [36, 69],
            Wrong = "what comes behind the end of a snapshot throws it away under the core that was asked to install it",
            File = Reception,
            Original = "if («_handedOver is not null»)",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-term-not-stepped",
            Failures = [21],
            Wrong = "a member that knows only an earlier term never takes the snapshot of the present leader",
            File = Intake,
            Original = "stream.StepTermOnce(replica);",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-of-a-deposed-leader-taken",
            Failures = [9, 24],
            Wrong = "a leader of an earlier term takes the place from the present one",
            File = Intake,
            Original = "offer.Header.Term < status.Term || (!status.Leader.IsNone && status.Leader != offer.Header.From)",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-of-no-leader-taken",
            Failures = [24],
            Wrong = "a member that does not lead takes the place from the leader of the same term",
            File = Intake,
            Original = "offer.Header.Term < status.Term || (!status.Leader.IsNone && status.Leader != offer.Header.From)",
            Broken = "offer.Header.Term < status.Term",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "two-streams-fill-one-place",
            Failures = [36],
            Wrong = "the stream of before goes on writing into the place that a later attempt has",
            File = Intake,
            Original = "place.Stream?.Oust();",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "install-replaced-by-the-next-offer",
            Failures = [35, 36],
            Wrong = "a later offer gets the place of what the core was asked to install",
            File = Intake,
            Original = "return SnapshotAdmission.Declined(\"this member is installing a snapshot\");",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-begins-anew-with-each-stream",
            Failures = [21],
            Wrong = "each break of a stream costs all that has come: over a bad wire a large snapshot never arrives",
            File = Intake,
            Original = "place.IsOf(offer)",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-taken-by-a-member-ahead",
            Failures = [21],
            Wrong = "a member that has all of a snapshot has it sent all the same",
            File = Intake,
            Original = "status.Commit >= offer.Header.Snapshot!.Id.Index",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "part-of-a-snapshot-kept-for-ever",
            Failures = [30],
            Wrong = "what a sender left that never comes back lies on the disk until the process ends",
            File = Intake,
            Original = "time.GetElapsedTime(place.LeftAt) >= KeptFor",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-goes-on-with-another-one",
            Failures = [36],
            Wrong = "the chunks of one snapshot are put behind those of another of the same sender",
            File = Slot,
            Original = "(offer.Header.From, offer.Start, offer.Snapshot) == (other.Header.From, other.Start, other.Snapshot)",
            Broken = "offer.Header.From == other.Header.From",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-of-a-former-process-goes-on",
            Failures = [36],
            Wrong = "a sender's numbers begin anew with its process, and are taken for those of before",
            File = Slot,
            Original = "(offer.Header.From, offer.Start, offer.Snapshot) == (other.Header.From, other.Start, other.Snapshot)",
            Broken = "(offer.Header.From, offer.Snapshot) == (other.Header.From, other.Snapshot)",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "place-taken-while-it-is-written",
            Failures = [35, 36],
            Wrong = "a later attempt takes the place in the middle of a chunk that is being written",
            File = Slot,
            Original = "!_writing.TryEnter()",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-without-progress-for-ever",
            Failures = [21],
            Wrong = "a receiver that takes nothing keeps the leader from ever trying again",
            File = Sending,
            Original = "time.GetElapsedTime(Volatile.Read(ref _progressAt)) >= SilenceLimit",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "standing-still-counts-as-progress",
            Failures = [21],
            Wrong = "a receiver that says the same number again and again is waited for",
            File = Sending,
            Original = "received > _received || received >= offer.Bytes",
            Broken = "true",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "install-takes-too-long",
            Failures = [21],
            Wrong = "a receiver that installs is given up after 15 s, and gets the whole snapshot again",
            File = Sending,
            Original = "received > _received || received >= offer.Bytes",
            Broken = "received > _received",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-sent-from-its-first-chunk",
            Failures = [21],
            Wrong = "the sender begins with the first chunk wherever the receiver is",
            File = Sending,
            Original = "_nextChunk = chunk;",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "ended-snapshot-goes-on",
            Failures = [21],
            Wrong = "an answer in the moment of the end revives the attempt, whose file is let go of",
            File = Sending,
            Original = "Go(Stage.Offered, Stage.Sending);",
            Broken = "_stage = Stage.Sending;",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-sent-without-its-log",
            Failures = [21],
            Wrong = "a snapshot is sent to its end although the log behind it is gone: the peer needs another one at once",
            File = Sending,
            Original = "if («!IsOver && lease.HasLostItsLog»)",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-end-untold",
            Failures = [21],
            Wrong = "the core does not hear that a snapshot has ended, and never asks for the next",
            File = Dispatch,
            Original = "replica.SnapshotEnded(new NodeId(peer.Id), index, isInstalled);",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "second-snapshot-to-the-same-peer",
            Failures = [21],
            Wrong = "a peer that is sent a snapshot is sent another beside it",
            File = Dispatch,
            Original = "_isClosed || _attempts.ContainsKey(peer.Id)",
            Broken = "_isClosed || !_attempts.Remove(peer.Id) && false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "full-core-reads-on",
            Failures = [],
            Wrong = "messages that a slow core has no room for are read all the same, and lost",
            File = "src/Raftd.Node/Peers/RaftStreamEnd.cs",
            Original = "if («!Accept(kind, payload)»)",
            Broken = "!Accept(kind, payload) && false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "pump-reads-on",
            Failures = [],
            Wrong = "a stream whose machine is held is read on, into memory without bound",
            File = "src/Raftd.Node/Peers/Http/StreamPump.cs",
            Original = "while («!isDone»)",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "calls-under-way-without-bound",
            Failures = [],
            Wrong = "a leader takes in whatever its followers forward, however much of it is under way",
            File = Session,
            Original = "Interlocked.Read(ref _underWayBytes) < MaxUnderWayBytes",
            Broken = "true",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "ended-calls-stay-under-way",
            Failures = [],
            Wrong = "calls that have ended count as under way: a stream stands still after 64 MiB",
            File = Session,
            Original = "Interlocked.Add(ref _underWayBytes, -(item.Body.Length + ItemBytes));",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "forwarded-calls-wait-as-long-as-any",
            Failures = [67],
            Wrong = "a leader does not know how long the caller of a forwarded write still waits",
            File = Session,
            Original = "time.GetTimestamp() + (long)(item.Left.TotalSeconds * time.TimestampFrequency)",
            Broken = "long.MaxValue",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "deadline-waits-for-those-before",
            Failures = [67],
            Wrong = "a write whose time is up is told so only when the time of those before it in the log is up too",
            File = "src/Raftd.Node/Replication/ProposalLedger.cs",
            Original = "proposal.End(ProposalEnd.Unknown);",
            Broken = "if (_leaderships.Any(proposals => proposals.Peek() == proposal)) { proposal.End(ProposalEnd.Unknown); }",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "forwarded-calls-begin-their-time-anew",
            Failures = [67],
            Wrong = "a forwarded write has its whole time again at the leader",
            File = Link,
            Original = "_time.GetElapsedTime(_time.GetTimestamp(), request.Deadline)",
            Broken = "TimeSpan.FromSeconds(5)",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "questions-lost-with-their-stream",
            Failures = [67, 68],
            Wrong = "a question whose stream broke is unknown, although asking again harms nothing",
            File = Link,
            Original = "_router.ComeBack(request, reason);",
            Broken = "request.Lost(reason);",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "answer-on-its-way-not-waited-for",
            Failures = [67],
            Wrong = "a write is unknown in the moment its time is up, while the leader's answer is on its way",
            File = Router,
            Original = "request.IsUnderWay && !request.IsEnded",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "forwarded-calls-never-overdue",
            Failures = [68],
            Wrong = "a forwarded request waits for its answer for as long as it takes",
            File = Router,
            Original = "request.IsEnded || request.Deadline <= now",
            Broken = "request.IsEnded",
            Suites = [Suite.Node],
        },
    ];
}
