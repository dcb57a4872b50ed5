// A transaction: puts, deletions, reads and nested transactions behind conditions, as one entry and at one revision.
//
//   command: puts, puts that keep a value (in all lists, for the quota), most keys of a lease, transaction (TxnCodec)
//   result:  answer (TxnCodec)
//
// Check finds the way and asks of every operation on it, in the state before the transaction, whether it can be done: puts
// first, then reads. Execute does them in order; a read sees what stands before it. What it answers is in no hash but for what
// was decided: the keys that it read are in the state, whose changes are hashed, and only the member whose client waits for the answer reads.

using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;
using Raftd.State.Wire;

namespace Raftd.State.Commands;

/// <summary>Does one of two lists of operations. TxnCheck has let it pass where it was proposed.</summary>
public sealed record TxnCommand(TxnRequest Request, long MaxLeaseKeys) : DeletingCommand
{
    internal static readonly CommandForm Form = new(CommandTag.Txn, Read) { MaxGrowth = GrowthOfAll };

    internal override CommandTag Tag => CommandTag.Txn;

    internal override int NeededLevel => FeatureLevel.Transactions;

    internal override int SizeHint => 512;

    internal override void WriteBody(WireWriter writer)
    {
        var puts = PutsOf(Request).ToList();
        writer.Number(puts.Count);
        writer.Number(puts.Count(static put => put.KeepValue));
        writer.Number(MaxLeaseKeys);
        TxnCodec.Write(writer, Request);
    }

    internal override long LiveGrowth(IKeyReads keys, Func<long, LeaseRecord?> findLease, long maxGrowth) =>
        PutsOf(Request).Sum(put => PutCommand.LiveGrowth(keys, put.Key.Span, put.KeepValue, GrowthOf(put)));

    internal override CommandResult? Check(WorkingState state)
    {
        var path = TxnPath.Choose(Request, state.Keyspace);
        var attached = new Dictionary<long, long>();
        foreach (var put in path.All().Select(static operation => operation.Put).OfType<PutRequest>())
        {
            if (RefusePut(put, state, attached) is { } refused)
            {
                return refused;
            }
        }

        return path.All()
            .Select(operation => operation.Range is { } range ? RefuseRange(range, state)
                : operation.DeleteRange is { } deletion
                    ? state.RefusePrevious(deletion.Key, deletion.RangeEnd, deletion.ReturnPrevious)
                    : null)
            .FirstOrDefault(static refused => refused is not null);
    }

    internal override long CountDeleted(WorkingState state)
    {
        if (!DeletesRanges(Request))
        {
            return 0;
        }

        return TxnPath.Choose(Request, state.Keyspace).All()
            .Select(static operation => operation.DeleteRange)
            .OfType<DeleteRangeRequest>()
            .Sum(deletion => state.Keyspace.CountLive(deletion.Key.Span, deletion.RangeEnd.Span));
    }

    internal override IEnumerable<CommandResult?> Slices(WorkingState state, int sliceKeys)
    {
        var run = new TxnRun(state, sliceKeys);
        foreach (var _ in run.Do(TxnPath.Choose(Request, state.Keyspace)))
        {
            yield return null;
        }

        yield return new TxnResult(state.Keyspace.Revision, run.Answer!);
    }

    private ErrorResult? RefusePut(PutRequest put, WorkingState state, Dictionary<long, long> attached)
    {
        if (state.RefusePut(put.Key, put.Value) is { } refused)
        {
            return refused;
        }

        if ((put.KeepValue || put.KeepLease) && state.Keyspace.FindLive(put.Key.Span) is null)
        {
            return state.Refuse(ApplyError.NothingToKeep);
        }

        if (put.Lease == 0)
        {
            return null;
        }

        // Keys that the operations before attach count as well, whether or not the lease has them already.
        var before = attached.GetValueOrDefault(put.Lease);
        attached[put.Lease] = before + 1;
        return state.RefuseAttach(put.Lease, put.Key.Span, MaxLeaseKeys - before);
    }

    private static ErrorResult? RefuseRange(RangeRequest range, WorkingState state)
    {
        var keyspace = state.Keyspace;
        return range.Revision > keyspace.Revision ? state.Refuse(ApplyError.FutureRevision, range.Revision, keyspace.Revision)
            : range.Revision < 0 || (range.Revision != 0 && range.Revision < keyspace.CompactRevision)
                ? state.Refuse(ApplyError.Compacted, range.Revision, keyspace.CompactRevision)
            : null;
    }

    private static bool DeletesRanges(TxnRequest request) => request.Success.Concat(request.Failure).Any(
        static operation => operation.DeleteRange is { RangeEnd.IsEmpty: false }
            || (operation.Txn is { } nested && DeletesRanges(nested)));

    private static IEnumerable<PutRequest> PutsOf(TxnRequest request) => request.Success.Concat(request.Failure).SelectMany(
        static operation => operation.Put is { } put ? [put] : operation.Txn is { } nested ? PutsOf(nested) : []);

    /// <summary>The bytes of all keys and values are the command's.</summary>
    private static long GrowthOfAll(ReadOnlySpan<byte> command)
    {
        var reader = new WireReader(command[2..]);
        var puts = reader.Number();
        var kept = reader.Number();
        return puts == 0 ? 0 : command.Length + (puts * RevisionRecord.OverheadBytes) + (kept * RevisionRecord.MaxBytes);
    }

    private static long GrowthOf(PutRequest put) =>
        put.Key.Length + put.Value.Length + RevisionRecord.OverheadBytes;

    private static TxnCommand Read(ref WireReader reader)
    {
        var puts = reader.Number();
        var kept = reader.Number();
        var maxLeaseKeys = reader.Number();
        var command = new TxnCommand(TxnCodec.ReadRequest(ref reader), maxLeaseKeys);
        if (!reader.Failed
            && (puts, kept) != (PutsOf(command.Request).LongCount(), PutsOf(command.Request).LongCount(static put => put.KeepValue)))
        {
            reader.Refuse();
        }

        return command;
    }
}

/// <param name="Revision">Of the changes, or the store's where there were none.</param>
/// <param name="Answer">Of all operations; those of reads are empty on a member where no client waits.</param>
public sealed record TxnResult(long Revision, TxnResponse Answer) : CommandResult(Revision)
{
    internal override ResultTag Tag => ResultTag.Txn;

    internal override int NeededLevel => FeatureLevel.Transactions;

    internal override void WriteBody(WireWriter writer) => TxnCodec.Write(writer, Answer);

    internal override void WriteHashed(WireWriter writer) => WriteDecided(writer, Answer);

    internal static TxnResult Read(ref WireReader reader, long revision) => new(revision, TxnCodec.ReadResponse(ref reader));

    private static void WriteDecided(WireWriter writer, TxnResponse answer)
    {
        writer.Byte(answer.Succeeded ? (byte)1 : (byte)0);
        foreach (var operation in answer.Responses)
        {
            if (operation.DeleteRange is { } deletion)
            {
                writer.Number(deletion.Deleted);
            }
            else if (operation.Txn is { } nested)
            {
                WriteDecided(writer, nested);
            }
        }
    }
}
