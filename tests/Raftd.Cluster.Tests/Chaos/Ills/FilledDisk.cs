using Raftd.Cluster.Tests.Support;
using Raftd.Testing;

namespace Raftd.Cluster.Tests.Chaos.Ills;

/// <summary>The disk of the leader or of any member is full to the last byte until that member has noticed, then there is
/// room again.</summary>
internal sealed class FilledDisk(IReadOnlyDictionary<Member, SmallDisk> disks) : Ill
{
    // Of the log, and of the state.
    private static readonly string[] Notices = ["DiskFull(", "NOSPACE"];

    public override async Task StrikeAsync(Havoc havoc)
    {
        var victim = havoc.Random.Next(2) == 0 ? await havoc.Cluster.LeaderAsync() : havoc.AnyMember();
        var before = NoticesIn(victim);
        await disks[victim].FillAsync();
        try
        {
            await Until.TrueAsync($"{victim.Label} notices that its disk is full", Havoc.Limit, () => NoticesIn(victim) > before);
            Assert.True(victim.IsRunning, victim.LastLine);
        }
        finally
        {
            disks[victim].MakeRoom();
        }

        await Until.TrueAsync("the alarm is over", Havoc.Limit, async () => (await victim.StatusAsync()).Alarms.Length == 0);
        await havoc.Cluster.ReadyAsync();
    }

    private static int NoticesIn(Member member)
    {
        var log = member.Log;
        return Notices.Sum(notice => log.Split(notice).Length - 1);
    }
}
