using Raftd.Cluster.Tests.Support;

namespace Raftd.Cluster.Tests.Chaos.Ills;

/// <summary>The wall clock of the leader or of any member jumps by hours, forth and back or back and forth, and is right
/// again at the end. Its monotonic clock goes on as it did. While its clock is wrong, it may be killed and start again.</summary>
internal sealed class JumpingClock(IReadOnlyDictionary<Member, FakeClock> clocks) : Ill
{
    public override async Task StrikeAsync(Havoc havoc)
    {
        var victim = havoc.Random.Next(2) == 0 ? await havoc.Cluster.LeaderAsync() : havoc.AnyMember();
        var jump = TimeSpan.FromHours((1 + havoc.Random.Next(48)) * (havoc.Random.Next(2) == 0 ? 1 : -1));
        foreach (var offset in (TimeSpan[])[jump, -jump, TimeSpan.Zero])
        {
            await clocks[victim].JumpAsync(victim, offset);
            if (havoc.Random.Next(3) == 0)
            {
                await victim.KillAsync();
                havoc.Kills++;
                victim.Start();
                await havoc.Cluster.ReadyAsync();
            }

            await havoc.LoadGoesOnAsync();
        }

        await havoc.Cluster.ReadyAsync();
    }
}
