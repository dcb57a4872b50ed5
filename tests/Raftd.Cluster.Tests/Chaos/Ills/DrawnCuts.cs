using System.Globalization;
using Raftd.Cluster.Tests.Support;
using Raftd.Cluster.Tests.Wire;

namespace Raftd.Cluster.Tests.Chaos.Ills;

/// <summary>Any links are cut, each way by itself: three members have 64 such sets. If two still hear each other, they go on;
/// if not, no member answers anything wrong. Then all is connected again.</summary>
internal sealed class DrawnCuts(WiredCluster wired, Action<string> print) : Ill
{
    // Ten election timeouts, as the simulator has it for all 64 sets, and as much again for a busy machine.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(3);

    public override async Task StrikeAsync(Havoc havoc)
    {
        var members = havoc.Cluster.Members.ToArray();
        var pairs = members.SelectMany(from => havoc.Cluster.Except(from).Select(to => (from, to))).ToArray();
        var cuts = pairs.Where(_ => havoc.Random.Next(3) == 0).ToHashSet();
        foreach (var (from, to) in cuts)
        {
            wired.Set(from, to, Link.Severed);
        }

        try
        {
            await EndureAsync(members, MutualPair(pairs, cuts), cuts.Count);
        }
        finally
        {
            wired.Heal();
        }

        await havoc.Cluster.ReadyAsync();
    }

    // Two of three are a majority.
    private static Member[]? MutualPair((Member From, Member To)[] pairs, HashSet<(Member From, Member To)> cuts) => pairs
        .Where(pair => !cuts.Contains(pair) && !cuts.Contains((pair.To, pair.From)))
        .Select(pair => new[] { pair.From, pair.To })
        .FirstOrDefault();

    private async Task EndureAsync(Member[] members, Member[]? majority, int cuts)
    {
        if (majority is null)
        {
            await Task.Delay(Silence);
            return;
        }

        var write = await FirstWrite.ThroughAsync(majority, Bound);
        print(string.Create(CultureInfo.InvariantCulture, $"{cuts} of 6 ways cut: a write after {write.Took.TotalSeconds:0.00} s"));
        foreach (var member in members)
        {
            await write.ReadNothingOlderAsync(member);
        }
    }
}
