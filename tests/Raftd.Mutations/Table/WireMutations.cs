namespace Raftd.Mutations.Table;

/// <summary>Streams between members, and what peers say on them: calls to the leader, snapshots, removals.</summary>
internal static class WireMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "peers-messages-uncounted",
            Failures = [23],
            Wrong = "messages of peers are counted by pieces: a slow core holds gigabytes of them",
            In = "Replica.TryReceive",
            Original = "!_received.TryTake(bytes)",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-message-on-any-stream",
            Failures = [69],
            Wrong = "a MsgSnap on a stream of messages reaches the core, which installs what was never received: the process ends",
            In = "RaftStreams.Carries",
            Original = "«kind != MessageKind.MsgSnap && IsEntries(kind) == (path == PeerPaths.Entries)»;",
            Broken = "true",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "one-word-ends-a-member",
            Failures = [15],
            Wrong = "one peer that says a member is gone ends it for good",
            In = "RemovalVerdict.IsRemoved",
            Original = "Math.Min(WitnessesNeeded, others)",
            Broken = "1",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "removal-by-an-old-configuration",
            Failures = [15],
            Wrong = "a peer with an old disk says that a member is gone which was added since, and is believed",
            In = "RemovalVerdict.Flaw",
            Original = "if («!isNews»)",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "sent-calls-are-sent-again",
            Failures = [67],
            Wrong = "a write whose stream broke is sent to the next leader again, and may be done twice",
            In = "LeaderLink.Lose",
            Original = "if («request.ChangesState») { request.Lost(reason); }",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "unsent-calls-are-unknown",
            Failures = [67],
            Wrong = "a write that was never sent is answered as unknown, as if it might have been done",
            In = "LeaderLink.End",
            Original = "foreach (var request in unsent) { «_router.ComeBack(request, $\"the leader {Leader} cannot be reached: {reason}\");» }",
            Broken = "request.Lost(reason);",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "calls-before-the-leader-lets-them-in",
            Failures = [67],
            Wrong = "calls are sent on a stream that the leader then refuses: they are taken for sent, and are unknown",
            In = "LeaderLink.Take",
            Original = "if («!_isOpen || _isOver || _waiting.Count == 0») { return WireOutput.Nothing; }",
            Broken = "_isOver || _waiting.Count == 0",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "broken-machine-ends-its-stream",
            Failures = [69],
            Wrong = "an invariant broken by what a peer sent ends that peer's stream, and the member goes on with it (docs/architecture.md)",
            In = "IncomingStream.Accept",
            Original = "new GuardedMachine(machine, «failed»)",
            Broken = "static _ => { }",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "broken-own-machine-ends-its-stream",
            Failures = [69],
            Wrong = "the same on a stream that this member opened",
            In = "HttpPeerWire.Open",
            Original = "new GuardedOutgoing(machine, «failed»)",
            Broken = "static _ => { }",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "broken-door-answers-500",
            Failures = [69],
            Wrong = "an invariant broken while a peer is let in is an answer to that peer, and the member goes on with it",
            In = "PeerServer.Knock",
            Original = "_failed(failure);",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "malformed-bytes-end-the-process",
            Failures = [69],
            Wrong = "bytes that no member sends end the receiver's process",
            In = "GuardedMachine.Receive",
            Original = "failure is not InvalidDataException",
            Broken = "true",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-sender-silent-for-ever",
            Failures = [21],
            Wrong = "a sender that falls silent keeps its stream, and the leader waits for its end",
            In = "SnapshotReception.Tick",
            Original = "time.GetElapsedTime(Volatile.Read(ref _heardAt)) >= SnapshotIntake.SilenceLimit",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "bytes-behind-a-snapshot-empty-its-place",
            Failures = [36, 69],
            Wrong = "what comes behind the end of a snapshot throws it away under the core that was asked to install it",
            In = "SnapshotReception.Receive",
            Original = "if («_handedOver is not null»)",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-term-not-stepped",
            Failures = [21],
            Wrong = "a member that knows only an earlier term never takes the snapshot of the present leader",
            In = "SnapshotIntake.TryAdmit",
            Original = "stream.StepTermOnce(replica);",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-of-a-deposed-leader-taken",
            Failures = [9, 24],
            Wrong = "a leader of an earlier term takes the place from the present one",
            In = "SnapshotIntake.TryAdmit",
            Original = "offer.Header.Term < status.Term || (!status.Leader.IsNone && status.Leader != offer.Header.From)",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-of-no-leader-taken",
            Failures = [24],
            Wrong = "a member that does not lead takes the place from the leader of the same term",
            In = "SnapshotIntake.TryAdmit",
            Original = "offer.Header.Term < status.Term || (!status.Leader.IsNone && status.Leader != offer.Header.From)",
            Broken = "offer.Header.Term < status.Term",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "two-streams-fill-one-place",
            Failures = [36],
            Wrong = "the stream of before goes on writing into the place that a later attempt has",
            In = "SnapshotIntake.TryGivePlace",
            Original = "place.Stream?.Oust();",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "install-replaced-by-the-next-offer",
            Failures = [35, 36],
            Wrong = "a later offer gets the place of what the core was asked to install",
            In = "SnapshotIntake.TryAdmit",
            Original = "return SnapshotAdmission.Declined(\"this member is installing a snapshot\");",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-begins-anew-with-each-stream",
            Failures = [21],
            Wrong = "each break of a stream costs all that has come: over a bad wire a large snapshot never arrives",
            In = "SnapshotIntake.TryGivePlace",
            Original = "place.IsOf(offer)",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-taken-by-a-member-ahead",
            Failures = [21],
            Wrong = "a member that has all of a snapshot has it sent all the same",
            In = "SnapshotIntake.TryAdmit",
            Original = "status.Commit >= offer.Header.Snapshot!.Id.Index",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "part-of-a-snapshot-kept-for-ever",
            Failures = [30],
            Wrong = "what a sender left that never comes back lies on the disk until the process ends",
            In = "SnapshotIntake.ForgetIfStale",
            Original = "time.GetElapsedTime(place.LeftAt) >= KeptFor",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-goes-on-with-another-one",
            Failures = [36],
            Wrong = "the chunks of one snapshot are put behind those of another of the same sender",
            In = "SnapshotSlot.IsOf",
            Original = "(offer.Header.From, offer.Start, offer.Snapshot) == (other.Header.From, other.Start, other.Snapshot)",
            Broken = "offer.Header.From == other.Header.From",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-of-a-former-process-goes-on",
            Failures = [36],
            Wrong = "a sender's numbers begin anew with its process, and are taken for those of before",
            In = "SnapshotSlot.IsOf",
            Original = "(offer.Header.From, offer.Start, offer.Snapshot) == (other.Header.From, other.Start, other.Snapshot)",
            Broken = "(offer.Header.From, offer.Snapshot) == (other.Header.From, other.Snapshot)",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "place-taken-while-it-is-written",
            Failures = [35, 36],
            Wrong = "a later attempt takes the place in the middle of a chunk that is being written",
            In = "SnapshotSlot.TryPause",
            Original = "!_writing.TryEnter()",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-without-progress-for-ever",
            Failures = [21],
            Wrong = "a receiver that takes nothing keeps the leader from ever trying again",
            In = "SnapshotSending.Tick",
            Original = "time.GetElapsedTime(Volatile.Read(ref _progressAt)) >= SilenceLimit",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "standing-still-counts-as-progress",
            Failures = [21],
            Wrong = "a receiver that says the same number again and again is waited for",
            In = "SnapshotSending.Accept",
            Original = "received > _received || received >= offer.Bytes",
            Broken = "true",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "install-takes-too-long",
            Failures = [21],
            Wrong = "a receiver that installs is given up after 15 s, and gets the whole snapshot again",
            In = "SnapshotSending.Accept",
            Original = "received > _received || received >= offer.Bytes",
            Broken = "received > _received",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-sent-from-its-first-chunk",
            Failures = [21],
            Wrong = "the sender begins with the first chunk wherever the receiver is",
            In = "SnapshotSending.Begin",
            Original = "_nextChunk = chunk;",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "ended-snapshot-goes-on",
            Failures = [21],
            Wrong = "an answer in the moment of the end revives the attempt, whose file is let go of",
            In = "SnapshotSending.Begin",
            Original = "Go(Stage.Offered, Stage.Sending);",
            Broken = "_stage = Stage.Sending;",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-sent-without-its-log",
            Failures = [21],
            Wrong = "a snapshot is sent to its end although the log behind it is gone: the peer needs another one at once",
            In = "SnapshotSending.Tick",
            Original = "if («!IsOver && lease.HasLostItsLog»)",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "snapshot-end-untold",
            Failures = [21],
            Wrong = "the core does not hear that a snapshot has ended, and never asks for the next",
            In = "SnapshotDispatch.End",
            Original = "replica.SnapshotEnded(new NodeId(peer.Id), index, isInstalled);",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "second-snapshot-to-the-same-peer",
            Failures = [21],
            Wrong = "a peer that is sent a snapshot is sent another beside it",
            In = "SnapshotDispatch.Start",
            Original = "_isClosed || _attempts.ContainsKey(peer.Id)",
            Broken = "_isClosed || !_attempts.Remove(peer.Id) && false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "full-core-reads-on",
            Failures = [],
            Wrong = "messages that a slow core has no room for are read all the same, and lost",
            In = "RaftStreamEnd.Receive",
            Original = "if («!Accept(kind, payload)»)",
            Broken = "!Accept(kind, payload) && false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "pump-reads-on",
            Failures = [],
            Wrong = "a stream whose machine is held is read on, into memory without bound",
            In = "StreamPump.ReceiveAsync",
            Original = "while («!isDone»)",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "calls-under-way-without-bound",
            Failures = [],
            Wrong = "a leader takes in all that its followers forward, however much of it is under way",
            In = "CallSession.Receive",
            Original = "Interlocked.Read(ref _underWayBytes) < MaxUnderWayBytes",
            Broken = "true",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "ended-calls-stay-under-way",
            Failures = [],
            Wrong = "calls that have ended count as under way: a stream stands still after 64 MiB",
            In = "CallSession.Answer(3)",
            Original = "Interlocked.Add(ref _underWayBytes, -(item.Body.Length + ItemBytes));",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "forwarded-calls-wait-as-long-as-any",
            Failures = [67],
            Wrong = "a leader does not know how long the caller of a forwarded write still waits",
            In = "CallSession.Propose",
            Original = "time.TimestampAfter(item.Left)",
            Broken = "long.MaxValue",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "deadline-waits-for-those-before",
            Failures = [67],
            Wrong = "a write whose time is up is told so only when the time of those before it in the log is up too",
            In = "ProposalLedger.EndOverdue(2)",
            Original = "proposal.End(ProposalEnd.Unknown);",
            Broken = "if (_leaderships.Any(proposals => proposals.Peek() == proposal)) { proposal.End(ProposalEnd.Unknown); }",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "forwarded-calls-begin-their-time-anew",
            Failures = [67],
            Wrong = "a forwarded write has its whole time again at the leader",
            In = "LeaderLink.TryAddItem",
            Original = "_time.GetElapsedTime(_time.GetTimestamp(), request.Deadline)",
            Broken = "TimeSpan.FromSeconds(5)",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "questions-lost-with-their-stream",
            Failures = [67, 68],
            Wrong = "a question whose stream broke is unknown, although asking again harms nothing",
            In = "LeaderLink.Lose",
            Original = "_router.ComeBack(request, reason);",
            Broken = "request.Lost(reason);",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "answer-on-its-way-not-waited-for",
            Failures = [67],
            Wrong = "a write is unknown in the moment its time is up, while the leader's answer is on its way",
            In = "LeaderRouter.EndOverdue",
            Original = "request.IsUnderWay && !request.IsEnded",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "forwarded-calls-never-overdue",
            Failures = [68],
            Wrong = "a forwarded request waits for its answer for as long as it takes",
            In = "LeaderRouter.TakeOverdue",
            Original = "request.IsEnded || request.Deadline <= now",
            Broken = "request.IsEnded",
            Suites = [Suite.Node],
        },
    ];
}
