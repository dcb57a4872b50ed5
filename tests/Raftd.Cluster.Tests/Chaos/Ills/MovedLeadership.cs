namespace Raftd.Cluster.Tests.Chaos.Ills;

/// <summary>Leadership is transferred to a named follower, asked of any member.</summary>
internal sealed class MovedLeadership : Ill
{
    public override async Task StrikeAsync(Havoc havoc)
    {
        var leader = await havoc.Cluster.LeaderAsync();
        var followers = havoc.Cluster.Except(leader).ToArray();
        var heir = followers[havoc.Random.Next(followers.Length)];
        await AskAsync(havoc.AnyMember(), HttpMethod.Post, $"/leader/transfer?to={heir.Label}", 200);
        Assert.Same(heir, await havoc.Cluster.ReadyAsync());
    }
}
