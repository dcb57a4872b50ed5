// Deletes the keys of a range.
//
//   command: flags, key, range end [condition]
//   result:  succeeded (1 byte), deleted

using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Wire;

namespace Raftd.State.Commands;

/// <summary>Deletes [Key, RangeEnd), as in RangeRequest; the condition concerns Key.</summary>
public sealed record DeleteRangeCommand(
    ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> RangeEnd, Precondition? Condition) : DeletingCommand
{
    internal static readonly CommandForm Form = new(CommandTag.DeleteRange, Read);

    // As of a put, so that the two are read alike.
    private const byte ConditionFlag = 8;

    internal override CommandTag Tag => CommandTag.DeleteRange;

    internal override int SizeHint => Key.Length + RangeEnd.Length + 32;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Byte(Condition is null ? (byte)0 : ConditionFlag);
        writer.Bytes(Key.Span);
        writer.Bytes(RangeEnd.Span);
        Condition?.WriteTo(writer);
    }

    internal override CommandResult? Check(WorkingState state) =>
        Condition is null || Condition.Holds(state.Keyspace.FindLive(Key.Span))
            ? null
            : new DeleteRangeResult(state.Keyspace.Revision, Succeeded: false, Deleted: 0);

    internal override long CountDeleted(WorkingState state) => state.Keyspace.CountLive(Key.Span, RangeEnd.Span);

    internal override IEnumerable<CommandResult?> Slices(WorkingState state, int sliceKeys)
    {
        var range = new KeyRange(Key, RangeEnd);
        var from = range.Low;
        var deleted = 0L;
        while (true)
        {
            // Collected first: deleting changes the tree that the scan walks.
            var doomed = state.Keyspace.LiveIn(range, from, sliceKeys);
            foreach (var live in doomed)
            {
                state.LeaseApplier.DeleteKey(live);
            }

            deleted += doomed.Count;
            if (doomed.Count < sliceKeys)
            {
                break;
            }

            from = doomed[^1].Key;
            yield return null;
        }

        yield return new DeleteRangeResult(state.Keyspace.Revision, Succeeded: true, deleted);
    }

    private static DeleteRangeCommand Read(ref WireReader reader)
    {
        var flags = reader.Flags(ConditionFlag);
        var key = reader.Bytes();
        var end = reader.Bytes();
        return new DeleteRangeCommand(key, end, flags == ConditionFlag ? Conditions.Read(ref reader) : null);
    }
}

/// <param name="Revision">The revision of the deletion, or the store's where nothing was deleted.</param>
/// <param name="Succeeded">False when the condition failed.</param>
/// <param name="Deleted">How many keys.</param>
public sealed record DeleteRangeResult(long Revision, bool Succeeded, long Deleted) : CommandResult(Revision)
{
    internal override ResultTag Tag => ResultTag.DeleteRange;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Byte(Succeeded ? (byte)1 : (byte)0);
        writer.Number(Deleted);
    }

    internal static DeleteRangeResult Read(ref WireReader reader, long revision) =>
        new(revision, reader.Byte() != 0, reader.Number());
}
