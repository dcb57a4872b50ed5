using Raftd.Cluster.Tests.Support;
using Raftd.Testing;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests.Chaos.Ills;

/// <summary>SIGSTOP for longer than the election timeout of one second, then SIGCONT: the leader or any member. What clients
/// asked it meanwhile lies in its sockets and is the first thing it sees, before it hears that another one leads.</summary>
internal sealed class PausedMember : Ill
{
    public override async Task StrikeAsync(Havoc havoc)
    {
        var leader = await havoc.Cluster.LeaderAsync();
        var victim = havoc.Random.Next(2) == 0 ? leader : havoc.AnyMember();
        var others = havoc.Cluster.Except(victim).ToArray();
        victim.Signal(Signal.Stop);
        await Task.Delay(1500 + havoc.Random.Next(2500));
        await Until.TrueAsync("the others have a leader", Havoc.Limit, async () => await LeadsAsync(others[0]) || await LeadsAsync(others[1]));
        victim.Signal(Signal.Continue);
        await havoc.Cluster.ReadyAsync();
    }

    private static async Task<bool> LeadsAsync(Member member) => (await member.StatusAsync()).Role == "leader";
}
