namespace Raftd.Mutations.Table;

/// <summary>Requests that lie about where they come from or whom they speak for, and answers about members that are not so.
/// </summary>
internal static class RequestMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "any-host-answered",
            Failures = [78],
            Wrong = "a page that points its own name at a member is answered (DNS rebinding; etcd before 3.4's host whitelist)",
            In = "HostGuard.Admits",
            Original = "!host.Contains('.') || MatchesAny(host)",
            Broken = "true",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "host-of-absolute-target-unseen",
            Failures = [78],
            Wrong = "a request without Host may name any host in its target",
            In = "HostGuard.FindForeign",
            Original = "authority.IsEmpty || Admits(authority)",
            Broken = "true",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "host-suffix-without-its-dot",
            Failures = [78],
            Wrong = "a name that only ends like an allowed one is taken for one under it",
            In = "HostPattern.Matches",
            Original = "host[dot] == '.'",
            Broken = "true",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "origin-seen-on-posts-alone",
            Failures = [78],
            Wrong = "a foreign page may send every method but POST",
            In = "ForgeryGuard.Find",
            Original = "origin.Count == 0",
            Broken = "origin.Count == 0 || !HttpMethods.IsPost(request.Method)",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "open-to-the-network-by-default",
            Failures = [],
            Wrong = "the client port listens on every interface unasked (docs/bugs.md)",
            In = "Flags.HttpAddress",
            Original = "\"127.0.0.1:7200\"",
            Broken = "\":7200\"",
            Suites = [Suite.Cli],
        },
        new()
        {
            Name = "open-peer-port-unsaid",
            Failures = [],
            Wrong = "a start says nothing of a peer port that is open to the network (docs/bugs.md)",
            In = "OpenPorts.WarnOfPeers",
            Original = "!settings.RaftAddress.IsLoopback",
            Broken = "false",
            Suites = [Suite.Cli],
        },
        new()
        {
            Name = "join-takes-any-address",
            Failures = [69],
            Wrong = "a join may bring a URL or a wildcard as an address, which every member then dials",
            In = "MemberNames.IsAddress",
            Original = "colon > 0 && TryParsePort(text.AsSpan(colon + 1), out _) && IsHost(text[..colon])",
            Broken = "true",
            Suites = [Suite.Api, Suite.Node],
        },
        new()
        {
            Name = "known-label-moved-without-instance",
            Failures = [15],
            Wrong = "a join with a known label and no instance moves that member's addresses (docs/bugs.md)",
            In = "JoinChange.Renew",
            Original = "Request.Instance != 0 && Request.Instance == known.Instance",
            Broken = "Request.Instance == known.Instance || Request.Instance == 0 || known.Instance == 0",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "added-member-not-found-by-its-address",
            Failures = [15],
            Wrong = "a member that was added by its peer address waits for ever, and its directory cannot join: the address is taken",
            In = "JoinChange.Next",
            Original = "!member.HasStarted && member.PeerAddress == Request.PeerAddress",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "peer-address-given-twice",
            Failures = [15],
            Wrong = "two members have one peer address: one process gets the votes and the log of both",
            In = "MembershipFacts.RequireFreePeerAddress",
            Original = "member.Id != self && member.PeerAddress == address",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "uncommitted-members-reported",
            Failures = [13],
            Wrong = "/members shows a member whose addition may yet be rolled back (docs/bugs.md)",
            In = "NodeService.MembersAsync",
            Original = "status.CommittedMembers.Members",
            Broken = "status.Members.Members",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "retried-change-answered-before-commit",
            Failures = [13, 67],
            Wrong = "a join or a removal sent again is decided by the uncommitted change of the first one (docs/bugs.md)",
            In = "MembershipQueue.IsSettled",
            Original = "replica.Raft.ConfigurationIndex <= replica.Raft.Commit",
            Broken = "true",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "deposed-leader-speaks-for-members",
            Failures = [6, 15],
            Wrong = "a leader that does not know that it was deposed says who is a member and who is not",
            In = "MembershipKeeper.ConfirmLeadershipAsync",
            Original = "!await replica.LeadershipBarrierAsync()",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "refusal-ends-the-process",
            Failures = [69],
            Wrong = "a transfer to a number that no member has ends the leader's process (docs/bugs.md; etcd #9379)",
            In = "MembershipQueue.TryDecideNow",
            Original = "End(request, Decided() with { Failure = refusal });",
            Broken = "throw;",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "learner-probe-reads",
            Failures = [84],
            Wrong = "the probe of a learner asks a leader for a read, and waits for it (docs/bugs.md)",
            In = "NodeService.LinearizableReadAsync",
            Original = "if («status.IsLearner»)",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "learner-is-ready",
            Failures = [84],
            Wrong = "a learner says that clients may be sent to it (#19280)",
            In = "NodeService.ReadinessAsync",
            Original = "«status.IsLearner» ? \"this member does not vote: it is a learner, or not in the cluster\"",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "probe-waits-like-a-request",
            Failures = [84],
            Wrong = "a probe without a majority answers after the time limit of a request, when its asker has long gone",
            In = "NodeService.LinearizableReadAsync",
            Original = "_replica.ReadBarrierAsync(ProbeLimit)",
            Broken = "_replica.ReadBarrierAsync()",
            Suites = [Suite.Node],
        },
    ];
}
