namespace Raftd.Mutations.Table;

/// <summary>Streams between members, and what peers say on them: calls to the leader, snapshots, removals.</summary>
internal static class WireMutations
{
    private const string Link = "src/Raftd.Node/Forwarding/LeaderLink.cs";
    private const string Verdict = "src/Raftd.Node/Peers/RemovalVerdict.cs";

    public static IReadOnlyList<Mutation> List { get; } =
    [
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
    ];
}
