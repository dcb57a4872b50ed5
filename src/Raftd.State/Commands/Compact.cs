// Gives up history.
//
//   command: revision
//   result:  compact revision

using Raftd.State.Wire;

namespace Raftd.State.Commands;

/// <summary>Gives up history below the revision, which itself stays readable.</summary>
public sealed record CompactCommand(long Revision) : Command
{
    internal static readonly CommandForm Form = new(CommandTag.Compact, Read);

    internal override CommandTag Tag => CommandTag.Compact;

    internal override void WriteBody(WireWriter writer) => writer.Number(Revision);

    /// <summary>etcd's bounds: a compaction moves forward and never past the newest revision.</summary>
    internal override CommandResult? Check(WorkingState state)
    {
        var keyspace = state.Keyspace;
        if (Revision <= keyspace.CompactRevision)
        {
            return state.Refuse(ApplyError.Compacted, Revision, keyspace.CompactRevision);
        }

        return Revision <= keyspace.Revision ? null : state.Refuse(ApplyError.FutureRevision, Revision, keyspace.Revision);
    }

    internal override CommandResult Execute(WorkingState state)
    {
        Failpoint.Hit("compact.apply");
        state.Keyspace.Compact(Revision);
        state.Hash.Add(Revision, state.Keyspace.LogicalBytes);
        return new CompactResult(state.Keyspace.Revision, Revision);
    }

    private static CompactCommand Read(ref WireReader reader) => new(reader.Number());
}

public sealed record CompactResult(long Revision, long CompactRevision) : CommandResult(Revision)
{
    internal override ResultTag Tag => ResultTag.Compact;

    internal override void WriteBody(WireWriter writer) => writer.Number(CompactRevision);

    internal static CompactResult Read(ref WireReader reader, long revision) => new(revision, reader.Number());
}
