namespace Raftd.Cluster.Tests.Chaos.Ills;

/// <summary>A member is removed while it runs, its directory is deleted, and it joins again as a new one under its old label:
/// an operator's way out of a lost disk. It may have been the leader.</summary>
internal sealed class ReplacedMember : Ill
{
    public override async Task StrikeAsync(Havoc havoc)
    {
        var victim = havoc.AnyMember();
        var other = havoc.Cluster.Except(victim).First();
        await AskAsync(other, HttpMethod.Delete, $"/members/{victim.Label}", 200, 404);
        Assert.Equal(IdentityRefused, await victim.EndAsync());
        Directory.Delete(victim.DataDirectory, recursive: true);
        await havoc.LoadGoesOnAsync();

        victim.Join = other.Address;
        victim.Start();
        await havoc.Cluster.ReadyAsync();
    }
}
