using Raftd.Store.Commands;
using Raftd.Store.Mvcc;

namespace Raftd.Node.Service;

/// <summary>The alarms of a view, as the questions that are asked of them.</summary>
internal static class AlarmViews
{
    /// <summary>The member id of the one alarm that is the whole cluster's: the quota is full, whoever leads.</summary>
    public const ulong Quota = 0;

    public static bool IsRaised(KeyspaceView view, AlarmKind kind, ulong member) =>
        view.Alarms.Any(alarm => alarm.Kind == kind && alarm.MemberId == member);

    /// <summary>Writes are refused until there is room.</summary>
    public static bool IsOutOfSpace(KeyspaceView view) => view.Alarms.Any(alarm => alarm.Kind == AlarmKind.NoSpace);

    /// <summary>Members whose state contradicted the leader's.</summary>
    public static IEnumerable<ulong> CorruptMembers(KeyspaceView view) =>
        view.Alarms.Where(alarm => alarm.Kind == AlarmKind.Corrupt).Select(alarm => alarm.MemberId);
}
