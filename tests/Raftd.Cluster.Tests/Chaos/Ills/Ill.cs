using Raftd.Cluster.Tests.Support;
using Raftd.Testing;

namespace Raftd.Cluster.Tests.Chaos.Ills;

/// <summary>One thing that goes wrong in a cluster under load. It strikes whom the seed draws, waits for what must come of
/// it, undoes itself, and returns when all members are well again.</summary>
internal abstract class Ill
{
    /// <summary>The exit code of a member that was removed.</summary>
    protected const int IdentityRefused = 13;

    public abstract Task StrikeAsync(Havoc havoc);

    /// <summary>Asks another member for a change of the cluster until it is done: while leaders change it may be refused, or
    /// its outcome unknown.</summary>
    protected static Task AskAsync(Member member, HttpMethod method, string target, params int[] done) => Until.TrueAsync(
        $"{method} {target} is done", Havoc.Limit, async () => Array.IndexOf(done, (await member.SendAsync(method, target)).Status) >= 0);
}
