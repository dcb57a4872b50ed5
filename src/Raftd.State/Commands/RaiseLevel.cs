// Raises the cluster's feature level.
//
//   command: level, index of the configuration
//   result:  done

using Raftd.State.Wire;

namespace Raftd.State.Commands;

/// <summary>Raises the cluster's feature level. Void unless the configuration of this entry, whose members were asked, is in
/// force when it is applied.</summary>
public sealed record RaiseLevelCommand(int Level, ulong ConfigurationIndex) : Command
{
    internal static readonly CommandForm Form = new(CommandTag.RaiseLevel, Read);

    internal override CommandTag Tag => CommandTag.RaiseLevel;

    internal override int LevelBehind => Level;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Number(Level);
        writer.Unsigned(ConfigurationIndex);
    }

    /// <summary>The level rises for the members that were asked and for no others: a configuration that got into the log first
    /// may have brought one that knows less.</summary>
    internal (ApplyError Error, long Subject, long Bound)? RefusalAt(int level, ulong configurationIndex)
    {
        if (Level <= level)
        {
            return (ApplyError.LevelNotAbove, Level, level);
        }

        return ConfigurationIndex == configurationIndex
            ? null
            : (ApplyError.MembersChanged, (long)ConfigurationIndex, (long)configurationIndex);
    }

    internal override CommandResult? Check(WorkingState state) =>
        RefusalAt(state.FeatureLevel, state.ConfigurationIndex) is { } refused
            ? state.Refuse(refused.Error, refused.Subject, refused.Bound)
            : null;

    internal override CommandResult Execute(WorkingState state)
    {
        state.FeatureLevel = Level;
        state.Hash.Add((ulong)Level, ConfigurationIndex);
        return new DoneResult(state.Keyspace.Revision);
    }

    private static RaiseLevelCommand Read(ref WireReader reader)
    {
        var level = reader.Number();
        if (level is < FeatureLevel.First or > byte.MaxValue)
        {
            reader.Refuse();
        }

        return new RaiseLevelCommand((int)level, reader.Unsigned());
    }
}
