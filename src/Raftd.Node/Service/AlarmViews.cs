using Raftd.Store.Commands;
using Raftd.Store.Mvcc;

namespace Raftd.Node.Service;

/// <summary>The alarms of a view, as the questions that are asked of them.</summary>
internal static class AlarmViews
{
    /// <summary>Writes are refused until there is room.</summary>
    public static bool IsOutOfSpace(KeyspaceView view) => view.Alarms.Any(alarm => alarm.Kind == AlarmKind.NoSpace);

    /// <summary>Members whose state contradicted the leader's.</summary>
    public static IEnumerable<ulong> CorruptMembers(KeyspaceView view) =>
        view.Alarms.Where(alarm => alarm.Kind == AlarmKind.Corrupt).Select(alarm => alarm.MemberId);
}
