using Raftd.Raft;
using Raftd.Simulation.Members;
using Raftd.State.Commands;
using Raftd.Wal;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Simulation.Checkers;

/// <summary>The cluster's feature level, followed through the log: it rises by entries that name the configuration in force,
/// once each member of that has run a build which knows it; nothing in the log is newer; and each member is at the level that
/// its log says, and knows it.</summary>
internal sealed class LevelChecker(Cluster cluster)
{
    // Where it rose; the first level holds from the beginning.
    private readonly List<(ulong Index, int Level)> _levels = [(0, FeatureLevel.First)];
    private ulong _configuredAt;

    /// <summary>An entry was applied for the first time anywhere; in the order of the log.</summary>
    public void Learn(LogEntry entry, Command? command)
    {
        if (entry.Kind == (byte)EntryKind.Configuration)
        {
            _configuredAt = entry.Index;
            return;
        }

        var level = _levels[^1].Level;
        var written = CommandCodec.LevelOf(entry.Data.Span);
        Require(written <= level, $"entry {entry.Index} is of level {written}, the cluster of level {level}");
        if (command is RaiseLevelCommand raise && raise.Level > level && raise.ConfigurationIndex == _configuredAt)
        {
            var ignorant = cluster.Members.Where(member => cluster.Membership.IsMember(member.Id) && member.NewestRun < raise.Level);
            Require(
                !ignorant.Any(), $"entry {entry.Index} raises the level to {raise.Level}, which {ignorant.FirstOrDefault()?.Name} never knew");
            _levels.Add((entry.Index, raise.Level));
            cluster.Say("admin", $"the level is {raise.Level} from entry {entry.Index} on");
        }
    }

    /// <summary>It has started, or applied something.</summary>
    public void Look(Incarnation member)
    {
        var view = member.Parts.State.View();
        var level = _levels.FindLast(raised => raised.Index <= view.Applied.Index).Level;
        Require(
            view.FeatureLevel == level,
            $"{member.Host.Name} is at level {view.FeatureLevel} behind entry {view.Applied.Index}, the cluster at {level}");
        Require(level <= member.Host.KnownLevel, $"{member.Host.Name} goes on at level {level} and knows {member.Host.KnownLevel}");
    }

    /// <summary>A member stops because of something newer than it.</summary>
    public void Refused(SimulatedMember member, NewerLevelException newer) => Require(
        newer.Needed > member.KnownLevel && (newer.Needed <= _levels[^1].Level || IsTheFirst(newer)),
        $"{member.Name} knows level {member.KnownLevel} and stops, the cluster is at {_levels[^1].Level}: {newer.Message}");

    /// <summary>To come to the entry that raises the level.</summary>
    private static bool IsTheFirst(NewerLevelException newer) =>
        newer.Message.StartsWith("what follows entry", StringComparison.Ordinal);
}
