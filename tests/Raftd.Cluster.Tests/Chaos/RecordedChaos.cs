// Real members or fronts under load from many clients, while one ill after the other befalls them: nothing acknowledged is lost,
// the history that the clients recorded is linearizable, and no lease ends early.
//
// A run has rounds. In a round the ills of its list strike in an order that the seed gives; after it the load rests, all leases must
// end, all members must be in the same state, and what the clients were told in the round is held against what the members hold.

using System.Diagnostics;
using Raftd.Cluster.Tests.Chaos.Ills;
using Raftd.Cluster.Tests.Chaos.Leases;
using Raftd.Cluster.Tests.Support;

namespace Raftd.Cluster.Tests.Chaos;

internal static class RecordedChaos
{
    private const int AnswersBetweenIlls = 1000;

    /// <param name="cluster">Those that serve.</param>
    /// <param name="print">Takes what the log of the run shall say.</param>
    /// <param name="isEnough">Asked behind each round.</param>
    /// <param name="round">The ills of one.</param>
    public static async Task RunAsync(TestCluster cluster, Action<string> print, Func<Havoc, bool> isEnough, Func<Ill[]> round)
    {
        print($"seed {Seed.Value}");
        var members = cluster.Members.ToArray();
        await using var load = new RecordedLoad(members, Seed.Value);
        await using var leases = new LeasedLoad(members, Seed.Value);
        var havoc = new Havoc(cluster, () => load.Answered, AnswersBetweenIlls, new Random(Seed.Value));
        var loaded = TimeSpan.Zero;
        while (!isEnough(havoc))
        {
            var started = Stopwatch.GetTimestamp();
            load.Start();
            leases.Start();
            await havoc.RunAsync(round());
            loaded += Stopwatch.GetElapsedTime(started);
            await load.StopAsync();
            await leases.StopAsync();
            await cluster.ReadyAsync();
            await leases.AwaitEndsAsync();
            await cluster.SameStateAsync();
            await load.VerifyAsync();
        }

        print($"{havoc.Ills} ills, {havoc.Kills} kills, {load.Answered} operations answered in {loaded.TotalSeconds:0} s of load, "
            + $"{load.Answered / loaded.TotalSeconds:0} a second, {load.Unknown} unknown");
        print(leases.ToString());
        Assert.True(leases is { Renewals: > 0, Ended: > 0 }, "no lease was renewed and let go of");
    }
}
