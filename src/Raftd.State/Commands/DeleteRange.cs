// Deletes the keys of a range.
//
//   command: flags, key, range end [condition]
//   result:  flags, deleted [versions before, as in KeyValueCodec]

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
    [Flags]
    private enum DeleteFlags : byte
    {
        None = 0,
        ReturnPrevious = 1,
        Condition = 8,
        All = ReturnPrevious | Condition,
    }

    /// <summary>Answer what is deleted.</summary>
    public bool ReturnPrevious { get; init; }

    internal override CommandTag Tag => CommandTag.DeleteRange;

    internal override int NeededLevel => ReturnPrevious ? FeatureLevel.Transactions : FeatureLevel.First;

    internal override int SizeHint => Key.Length + RangeEnd.Length + 32;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Byte((byte)((ReturnPrevious ? DeleteFlags.ReturnPrevious : 0) | (Condition is null ? 0 : DeleteFlags.Condition)));
        writer.Bytes(Key.Span);
        writer.Bytes(RangeEnd.Span);
        Condition?.WriteTo(writer);
    }

    internal override CommandResult? Check(WorkingState state) =>
        Condition is null || Condition.Holds(state.Keyspace.FindLive(Key.Span))
            ? state.RefusePrevious(Key, RangeEnd, ReturnPrevious)
            : new DeleteRangeResult(state.Keyspace.Revision, Succeeded: false, Deleted: 0);

    internal override long CountDeleted(WorkingState state) => state.Keyspace.CountLive(Key.Span, RangeEnd.Span);

    internal override IEnumerable<CommandResult?> Slices(WorkingState state, int sliceKeys)
    {
        var request = new DeleteRangeRequest { Key = Key, RangeEnd = RangeEnd, ReturnPrevious = ReturnPrevious };
        return !ReturnPrevious && state.LeaseApplier.DeleteAll(new KeyRange(Key, RangeEnd)) is { } deleted
            ? [new DeleteRangeResult(state.Keyspace.Revision, Succeeded: true, deleted)]
            : Delete(request, state, sliceKeys);
    }

    /// <summary>Deletes a slice with each step, and answers null until the last one.</summary>
    internal static IEnumerable<DeleteRangeResult?> Delete(DeleteRangeRequest request, WorkingState state, int sliceKeys)
    {
        var range = new KeyRange(request.Key, request.RangeEnd);
        var from = range.Low;
        var deleted = 0L;
        var previous = request.ReturnPrevious && state.IsAsked ? new List<KeyValue>() : null;
        while (true)
        {
            // Collected first: deleting changes the tree that the scan walks.
            var doomed = state.Keyspace.LiveIn(range, from, sliceKeys);
            foreach (var live in doomed)
            {
                previous?.Add(state.Keyspace.Describe(live));
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

        yield return new DeleteRangeResult(state.Keyspace.Revision, Succeeded: true, deleted)
        {
            Previous = (IReadOnlyList<KeyValue>?)previous ?? [],
        };
    }

    private static DeleteRangeCommand Read(ref WireReader reader)
    {
        var flags = (DeleteFlags)reader.Flags((byte)DeleteFlags.All);
        var key = reader.Bytes();
        var end = reader.Bytes();
        return new DeleteRangeCommand(key, end, flags.HasFlag(DeleteFlags.Condition) ? Conditions.Read(ref reader) : null)
        {
            ReturnPrevious = flags.HasFlag(DeleteFlags.ReturnPrevious),
        };
    }
}

/// <param name="Revision">The revision of the deletion, or the store's where nothing was deleted.</param>
/// <param name="Succeeded">False when the condition failed.</param>
/// <param name="Deleted">How many keys.</param>
public sealed record DeleteRangeResult(long Revision, bool Succeeded, long Deleted) : CommandResult(Revision)
{
    [Flags]
    private enum ResultFlags : byte
    {
        None = 0,
        Succeeded = 1,
        Previous = 2,
        All = Succeeded | Previous,
    }

    /// <summary>What was deleted, in key order, if it was asked for. A read: not hashed.</summary>
    public IReadOnlyList<KeyValue> Previous { get; init; } = [];

    internal override ResultTag Tag => ResultTag.DeleteRange;

    internal override int NeededLevel => Previous.Count > 0 ? FeatureLevel.Transactions : FeatureLevel.First;

    public DeleteRangeResponse ToResponse() =>
        new() { Revision = Revision, Succeeded = Succeeded, Deleted = Deleted, Previous = Previous };

    internal override void WriteBody(WireWriter writer)
    {
        writer.Byte((byte)((Succeeded ? ResultFlags.Succeeded : 0) | (Previous.Count > 0 ? ResultFlags.Previous : 0)));
        writer.Number(Deleted);
        if (Previous.Count > 0)
        {
            KeyValueCodec.WriteAll(writer, Previous);
        }
    }

    internal override void WriteHashed(WireWriter writer)
    {
        writer.Byte((byte)(Succeeded ? ResultFlags.Succeeded : 0));
        writer.Number(Deleted);
    }

    internal static DeleteRangeResult Read(ref WireReader reader, long revision)
    {
        var flags = (ResultFlags)reader.Flags((byte)ResultFlags.All);
        var deleted = reader.Number();
        return new DeleteRangeResult(revision, flags.HasFlag(ResultFlags.Succeeded), deleted)
        {
            Previous = flags.HasFlag(ResultFlags.Previous) ? KeyValueCodec.ReadAll(ref reader) : [],
        };
    }
}
