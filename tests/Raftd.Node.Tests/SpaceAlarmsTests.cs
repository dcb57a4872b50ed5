using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Node.Peers;
using Raftd.Node.Replication;
using Raftd.Testing.Clocks;

namespace Raftd.Node.Tests;

/// <summary>What a leader raises and clears, and what it leaves to the operator.</summary>
public sealed class SpaceAlarmsTests
{
    private static readonly Alarm Quota = new(AlarmKind.NoSpace, AlarmCause.Quota, MemberId: 0);
    private static readonly Alarm Disk = new(AlarmKind.NoSpace, AlarmCause.Disk, MemberId: 2);
    private static readonly Alarm Operator = new(AlarmKind.NoSpace, AlarmCause.Operator, MemberId: 0);
    private static readonly Alarm Corrupt = new(AlarmKind.Corrupt, AlarmCause.Divergence, MemberId: 2);

    private static readonly MemberTable Three = MemberTable.Of([Member(1), Member(2), Member(3)]);
    private static readonly MemberTable WithoutTwo = MemberTable.Of([Member(1), Member(3)]);

    [Fact]
    public void Next_NothingHolds_NothingIsDone() => Assert.Null(Next([], Three));

    [Fact]
    public void Next_Quota_IsRaisedAndClearedAsItHolds()
    {
        Assert.Equal((Quota, true), Next([], Three, isQuotaFull: true));
        Assert.Null(Next([Quota], Three, isQuotaFull: true));
        Assert.Equal((Quota, false), Next([Quota], Three));
    }

    [Fact]
    public void Next_DiskAlarm_IsRaisedAndClearedAsItHoldsAndGoesWithItsMember()
    {
        Assert.Equal((Disk, true), Next([], Three, fullDisk: 2));
        Assert.Null(Next([Disk], Three, fullDisk: 2));
        Assert.Equal((Disk, false), Next([Disk], Three));
        Assert.Equal((Disk, false), Next([Disk], WithoutTwo, fullDisk: 2));
    }

    [Fact]
    public void Next_OperatorsAlarm_IsTheOperators() => Assert.Null(Next([Operator], Three));

    [Fact]
    public void Next_Divergence_StaysUntilTheMemberIsGone()
    {
        Assert.Null(Next([Corrupt], Three));
        Assert.Equal((Corrupt, false), Next([Corrupt], WithoutTwo));
    }

    /// <summary>A member that died with a full disk takes no entries: it must not keep the others from theirs.</summary>
    [Fact]
    public void Report_OfAPeerThatIsSilent_IsForgotten()
    {
        var time = new ManualTime();
        var reports = new PeerReports(time);
        reports.Set(2, new MemberReport(default, QuotaBytes: 1, IsDiskFull: true, FeatureLevel: 1, LogNeed.None));
        time.Seconds(9);
        Assert.True(reports.Find(2)!.Value.IsDiskFull);
        Assert.Null(reports.Find(3));
        time.Seconds(1);
        Assert.Null(reports.Find(2));
    }

    private static (Alarm Alarm, bool Raise)? Next(
        Alarm[] standing, MemberTable members, bool isQuotaFull = false, ulong fullDisk = 0) =>
        SpaceAlarms.Next(standing, members, isQuotaFull, member => member == fullDisk);

    private static MemberInfo Member(ulong id) => new()
    {
        Id = id,
        Label = $"node{id}",
        HttpAddress = $"127.0.0.1:{id}",
        PeerAddress = $"127.0.0.1:{id + 10}",
        Instance = id,
        Generator = (int)id,
        PromoteWhenCaughtUp = false,
    };
}
