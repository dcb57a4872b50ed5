using Raftd.Cluster.Tests.Support;

namespace Raftd.Cluster.Tests.Chaos;

/// <summary>Kills members, mostly the leader, now and then two or all at once, and starts them with the same command line.</summary>
internal sealed class Havoc(TestCluster cluster, Random random)
{
    // Between members that are well again and the next death: the load must have gone on for that many answers.
    private const int AnswersBetween = 2000;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public int Kills { get; private set; }

    public async Task KillAsync(RecordedLoad load)
    {
        var goal = load.Answered + AnswersBetween;
        await Until.TrueAsync("the load goes on", Limit, () => load.Answered >= goal);
        var victims = await DrawVictimsAsync();
        foreach (var victim in victims)
        {
            victim.Signal(Signal.Kill);
        }

        foreach (var victim in victims)
        {
            await victim.EndAsync();
        }

        Kills += victims.Length;
        if (victims.Length == 1)
        {
            // The others elect a leader meanwhile, or the dead one is back before they have noticed.
            await Task.Delay(random.Next(2) == 0 ? 0 : random.Next(2000));
        }

        foreach (var victim in victims)
        {
            victim.Start();
        }

        await cluster.ReadyAsync();
    }

    private async Task<Member[]> DrawVictimsAsync()
    {
        var leader = await cluster.LeaderAsync();
        return random.Next(10) switch
        {
            < 5 => [leader],
            < 8 => [cluster.Members[random.Next(cluster.Members.Count)]],
            8 => [.. cluster.Except(leader)],
            _ => [.. cluster.Members],
        };
    }
}
