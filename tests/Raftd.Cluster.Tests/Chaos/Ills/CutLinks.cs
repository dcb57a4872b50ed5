using System.Globalization;
using Raftd.Cluster.Tests.Support;
using Raftd.Cluster.Tests.Wire;

namespace Raftd.Cluster.Tests.Chaos.Ills;

internal enum Cut
{
    /// <summary>Nothing to or from the leader.</summary>
    LeaderFromAll,

    /// <summary>The others hear the leader, and it hears none of them.</summary>
    LeaderHearsNoMember,

    /// <summary>The leader hears the others, and none of them hears it.</summary>
    NoMemberHearsLeader,

    /// <summary>The leader and one follower do not hear each other; the other follower hears both.</summary>
    LeaderFromOne,
}

/// <summary>Frames between some members are dropped. Who still has a majority acknowledges a write within a bound, and a member that
/// is cut off answers no read from before it; then all is connected again.</summary>
internal sealed class CutLinks(WiredCluster wired, Cut cut, Action<string> print) : Ill
{
    // Members find out after 1 to 2 s (the election timeout); the rest is for elections that fail and a busy machine.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    public override async Task StrikeAsync(Havoc havoc)
    {
        var leader = await havoc.Cluster.LeaderAsync();
        var followers = havoc.Cluster.Except(leader).ToArray();
        var cutOff = cut == Cut.LeaderFromOne ? followers[havoc.Random.Next(followers.Length)] : leader;
        var connected = havoc.Cluster.Except(cutOff).ToArray();
        Sever(leader, followers, cutOff);
        try
        {
            var write = await FirstWrite.ThroughAsync(connected, Bound);
            print(string.Create(CultureInfo.InvariantCulture, $"{cut}: a write after {write.Took.TotalSeconds:0.00} s"));
            await write.ReadNothingOlderAsync(cutOff);
            await havoc.LoadGoesOnAsync(500);
        }
        finally
        {
            wired.Heal();
        }

        await havoc.Cluster.ReadyAsync();
    }

    private void Sever(Member leader, Member[] followers, Member cutOff)
    {
        // Cut off from one, cutOff is that follower; else it is the leader, and all others are meant.
        foreach (var follower in cut == Cut.LeaderFromOne ? [cutOff] : followers)
        {
            wired.Set(follower, leader, cut == Cut.NoMemberHearsLeader ? Link.Good : Link.Severed);
            wired.Set(leader, follower, cut == Cut.LeaderHearsNoMember ? Link.Good : Link.Severed);
        }
    }
}
