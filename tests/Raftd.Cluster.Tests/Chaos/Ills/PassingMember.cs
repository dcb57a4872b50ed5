using System.Globalization;

namespace Raftd.Cluster.Tests.Chaos.Ills;

/// <summary>One member more joins as a learner, is promoted when it has caught up, votes for a while and is removed.</summary>
internal sealed class PassingMember : Ill
{
    private int _number;

    public override async Task StrikeAsync(Havoc havoc)
    {
        var label = string.Create(CultureInfo.InvariantCulture, $"passing{++_number}");
        var guest = havoc.Cluster.Add(label, havoc.AnyMember().Flags).Start();

        // Ready means that all of them vote.
        await havoc.Cluster.ReadyAsync();
        await havoc.LoadGoesOnAsync();
        havoc.Cluster.Members.Remove(guest);
        await AskAsync(havoc.AnyMember(), HttpMethod.Delete, $"/members/{label}", 200, 404);
        Assert.Equal(IdentityRefused, await guest.EndAsync());
        Directory.Delete(guest.DataDirectory, recursive: true);
        await havoc.Cluster.ReadyAsync();
    }
}
