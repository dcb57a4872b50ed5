// Ends a lease, and deletes its keys in one revision.
//
//   command: id
//   result:  deleted keys

using Raftd.State.Wire;

namespace Raftd.State.Commands;

public sealed record LeaseRevokeCommand(long Id) : DeletingCommand
{
    internal static readonly CommandForm Form = new(CommandTag.LeaseRevoke, Read);

    internal override CommandTag Tag => CommandTag.LeaseRevoke;

    internal override void WriteBody(WireWriter writer) => writer.Number(Id);

    internal override CommandResult? Check(WorkingState state) => state.Leases.Find(Id) is null ? state.RefuseLease(Id) : null;

    internal override long CountDeleted(WorkingState state) => state.Leases.CountKeys(Id);

    internal override IEnumerable<CommandResult?> Slices(WorkingState state, int sliceKeys)
    {
        var keys = 0L;
        foreach (var deleted in state.LeaseApplier.Revoke(state.Leases.Find(Id)!, sliceKeys))
        {
            keys += deleted;
            if (deleted == sliceKeys)
            {
                yield return null;
            }
        }

        yield return new LeaseRevokeResult(state.Keyspace.Revision, keys);
    }

    private static LeaseRevokeCommand Read(ref WireReader reader) => new(reader.Number());
}

/// <summary>DeletedKeys counts the keys that went with the lease.</summary>
public sealed record LeaseRevokeResult(long Revision, long DeletedKeys) : CommandResult(Revision)
{
    internal override ResultTag Tag => ResultTag.LeaseRevoke;

    internal override void WriteBody(WireWriter writer) => writer.Number(DeletedKeys);

    internal static LeaseRevokeResult Read(ref WireReader reader, long revision) => new(revision, reader.Number());
}
