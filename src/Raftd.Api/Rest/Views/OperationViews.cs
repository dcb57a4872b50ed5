using Raftd.Contract;

namespace Raftd.Api.Rest.Views;

internal sealed record CompactView(string Revision, string CompactRevision, bool Deleted);

internal sealed record AlarmListView(IReadOnlyList<AlarmView> Alarms);

/// <summary>One alarm.</summary>
/// <param name="Name">`NOSPACE` or `CORRUPT`.</param>
/// <param name="Cause">`quota`, `disk`, `operator` or `divergence`.</param>
/// <param name="Member">The member concerned; absent where it is the whole cluster.</param>
/// <param name="Hint">What it does, and what ends it.</param>
internal sealed record AlarmView(string Name, string Cause, string? Member, string Hint)
{
    public static AlarmView Of(Alarm alarm)
    {
        var name = alarm.Kind == AlarmKind.NoSpace ? "NOSPACE" : "CORRUPT";
        return new AlarmView(
            name,
            CauseName(alarm.Cause),
            alarm.MemberId == 0 ? null : MemberView.Format(alarm.MemberId),
            HintOf(alarm.Cause, name));
    }

    private static string CauseName(AlarmCause cause) => cause switch
    {
        AlarmCause.Quota => "quota",
        AlarmCause.Disk => "disk",
        AlarmCause.Divergence => "divergence",
        _ => "operator",
    };

    private static string HintOf(AlarmCause cause, string name) => cause switch
    {
        AlarmCause.Quota => "writes that do not fit are refused; delete keys or raise -quota-bytes, and it clears itself",
        AlarmCause.Disk => "writes are refused; free space on that member's disk, and it clears itself",
        AlarmCause.Divergence => "that member's state is wrong; remove it, empty its directory and join it again",
        _ => $"raised by hand; it stays until DELETE /alarms/{name}",
    };
}
