using Raftd.Cluster.Tests.Support;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests.Chaos.Ills;

/// <summary>kill -9: mostly the leader, now and then two or all at once, started again with the same command line.</summary>
internal sealed class KilledMembers : Ill
{
    public override async Task StrikeAsync(Havoc havoc)
    {
        var victims = await DrawAsync(havoc);
        foreach (var victim in victims)
        {
            victim.Signal(Signal.Kill);
        }

        foreach (var victim in victims)
        {
            await victim.EndAsync();
        }

        havoc.Kills += victims.Length;
        if (victims.Length == 1)
        {
            // The others elect a leader meanwhile, or the dead one is back before they have noticed.
            await Task.Delay(havoc.Random.Next(2) == 0 ? 0 : havoc.Random.Next(2000));
        }

        foreach (var victim in victims)
        {
            victim.Start();
        }

        await havoc.Cluster.ReadyAsync();
    }

    private static async Task<Member[]> DrawAsync(Havoc havoc)
    {
        var leader = await havoc.Cluster.LeaderAsync();
        return havoc.Random.Next(10) switch
        {
            < 5 => [leader],
            < 8 => [havoc.AnyMember()],
            8 => [.. havoc.Cluster.Except(leader)],
            _ => [.. havoc.Cluster.Members],
        };
    }
}
