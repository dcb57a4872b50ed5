using Raftd.Contract;
using Raftd.Store;

namespace Raftd.Node.Service;

/// <summary>The alarms of a view, as the questions that are asked of them.</summary>
internal static class AlarmViews
{
    /// <summary>As operators and etcd write it.</summary>
    public static string Name(AlarmKind kind) => kind == AlarmKind.NoSpace ? "NOSPACE" : "CORRUPT";

    public static bool IsOutOfSpace(StateView view) => view.Alarms.Any(static alarm => alarm.Kind == AlarmKind.NoSpace);

    /// <summary>Members whose state contradicted the leader's.</summary>
    public static IEnumerable<ulong> CorruptMembers(StateView view) =>
        view.Alarms.Where(static alarm => alarm.Kind == AlarmKind.Corrupt).Select(static alarm => alarm.MemberId);
}
