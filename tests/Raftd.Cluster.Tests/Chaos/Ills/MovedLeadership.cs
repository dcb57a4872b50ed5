using Raftd.Testing;

namespace Raftd.Cluster.Tests.Chaos.Ills;

/// <summary>Leadership is transferred to a named follower, asked of any member.</summary>
internal sealed class MovedLeadership : Ill
{
    public override async Task StrikeAsync(Havoc havoc)
    {
        var leader = await havoc.Cluster.LeaderAsync();
        var followers = havoc.Cluster.Except(leader).ToArray();
        var heir = followers[havoc.Random.Next(followers.Length)];
        await Until.TrueAsync($"{heir.Label} leads", Havoc.Limit, async () =>
        {
            await AskAsync(havoc.AnyMember(), HttpMethod.Post, $"/leader/transfer?to={heir.Label}", 200);

            // A front that was killed has its name for a second more, and does not take the lead: then others take it.
            return await havoc.Cluster.ReadyAsync() == heir;
        });
    }
}
