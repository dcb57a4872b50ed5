// Transactions and their answers as bytes, in a command, in a result and in a call between members.
//
//   transaction  count, compare*; count, operation* (success); count, operation* (failure)
//   compare      target, result (1 byte each), key, range end, value or number
//   operation    kind (1 byte), then
//     range      flags, key, range end [revision] [limit] [max bytes] [max value bytes] [order, target: 1 byte each]
//                [min mod, max mod, min create, max create]
//     put        flags, key, value [lease]
//     deletion   flags, key, range end
//     nested     as a transaction
//   answer       succeeded (1 byte), revision; count, operation's answer*
//   its answer   kind (1 byte), revision, then
//     range      more (1 byte), count; count, item*
//     put        the version before, if it was asked for: count, item*
//     deletion   deleted; count, item*
//     nested     as an answer, whose revision is the operation's
//   item         key, value, create revision, mod revision, version, lease

using Raftd.Contract;
using Raftd.State.Wire;

namespace Raftd.State.Commands;

internal static class TxnCodec
{
    /// <summary>Levels of nesting that TxnCheck lets pass, and no input may exceed.</summary>
    private const int MaxDepth = Bounds.MaxTxnOperations;

    private enum Kind : byte
    {
        Range = 1,
        Put = 2,
        DeleteRange = 3,
        Txn = 4,
    }

    [Flags]
    private enum RangeFlags : byte
    {
        None = 0,
        Revision = 1,
        Limit = 2,
        MaxBytes = 4,
        CountOnly = 8,
        KeysOnly = 16,
        MaxValueBytes = 32,
        Order = 64,
        Filters = 128,
        All = Revision | Limit | MaxBytes | CountOnly | KeysOnly | MaxValueBytes | Order | Filters,
    }

    [Flags]
    private enum WriteFlags : byte
    {
        None = 0,
        ReturnPrevious = 1,
        Lease = 2,
        KeepValue = 4,
        KeepLease = 8,
        OfPut = ReturnPrevious | Lease | KeepValue | KeepLease,
    }

    public static void Write(WireWriter writer, TxnRequest request)
    {
        writer.Number(request.Compares.Count);
        foreach (var compare in request.Compares)
        {
            Write(writer, compare);
        }

        Write(writer, request.Success);
        Write(writer, request.Failure);
    }

    public static TxnRequest ReadRequest(ref WireReader reader) => ReadRequest(ref reader, MaxDepth);

    public static void Write(WireWriter writer, TxnResponse response)
    {
        writer.Byte(response.Succeeded ? (byte)1 : (byte)0);
        writer.Number(response.Revision);
        writer.Number(response.Responses.Count);
        foreach (var operation in response.Responses)
        {
            Write(writer, operation);
        }
    }

    public static TxnResponse ReadResponse(ref WireReader reader) => ReadResponse(ref reader, MaxDepth);

    private static void Write(WireWriter writer, Compare compare)
    {
        writer.Byte((byte)compare.Target);
        writer.Byte((byte)compare.Result);
        writer.Bytes(compare.Key.Span);
        writer.Bytes(compare.RangeEnd.Span);
        if (compare.Target == CompareTarget.Value)
        {
            writer.Bytes(compare.Value.Span);
        }
        else
        {
            writer.Number(compare.Number);
        }
    }

    private static void Write(WireWriter writer, IReadOnlyList<TxnOperation> operations)
    {
        writer.Number(operations.Count);
        foreach (var operation in operations)
        {
            Write(writer, operation);
        }
    }

    private static void Write(WireWriter writer, TxnOperation operation)
    {
        if (operation.Range is { } range)
        {
            writer.Byte((byte)Kind.Range);
            Write(writer, range);
        }
        else if (operation.Put is { } put)
        {
            writer.Byte((byte)Kind.Put);
            Write(writer, put);
        }
        else if (operation.DeleteRange is { } deletion)
        {
            writer.Byte((byte)Kind.DeleteRange);
            writer.Byte((byte)(deletion.ReturnPrevious ? WriteFlags.ReturnPrevious : WriteFlags.None));
            writer.Bytes(deletion.Key.Span);
            writer.Bytes(deletion.RangeEnd.Span);
        }
        else
        {
            writer.Byte((byte)Kind.Txn);
            Write(writer, operation.Txn!);
        }
    }

    private static void Write(WireWriter writer, RangeRequest range)
    {
        var flags = FlagsOf(range);
        writer.Byte((byte)flags);
        writer.Bytes(range.Key.Span);
        writer.Bytes(range.RangeEnd.Span);
        WriteIf(flags.HasFlag(RangeFlags.Revision), range.Revision);
        WriteIf(flags.HasFlag(RangeFlags.Limit), range.Limit);
        WriteIf(flags.HasFlag(RangeFlags.MaxBytes), range.MaxBytes);
        WriteIf(flags.HasFlag(RangeFlags.MaxValueBytes), range.MaxValueBytes);
        if (flags.HasFlag(RangeFlags.Order))
        {
            writer.Byte((byte)range.SortOrder);
            writer.Byte((byte)range.SortTarget);
        }

        if (flags.HasFlag(RangeFlags.Filters))
        {
            writer.Number(range.MinModRevision);
            writer.Number(range.MaxModRevision);
            writer.Number(range.MinCreateRevision);
            writer.Number(range.MaxCreateRevision);
        }

        void WriteIf(bool isGiven, long number)
        {
            if (isGiven)
            {
                writer.Number(number);
            }
        }
    }

    private static RangeFlags FlagsOf(RangeRequest range) =>
        (range.Revision != 0 ? RangeFlags.Revision : 0)
        | (range.Limit != 0 ? RangeFlags.Limit : 0)
        | (range.MaxBytes != 0 ? RangeFlags.MaxBytes : 0)
        | (range.CountOnly ? RangeFlags.CountOnly : 0)
        | (range.KeysOnly ? RangeFlags.KeysOnly : 0)
        | (range.MaxValueBytes != int.MaxValue ? RangeFlags.MaxValueBytes : 0)
        | (range.SortOrder != SortOrder.None || range.SortTarget != SortTarget.Key ? RangeFlags.Order : 0)
        | (range.HasFilters ? RangeFlags.Filters : 0);

    private static void Write(WireWriter writer, PutRequest put)
    {
        writer.Byte((byte)(
            (put.ReturnPrevious ? WriteFlags.ReturnPrevious : 0)
            | (put.Lease != 0 ? WriteFlags.Lease : 0)
            | (put.KeepValue ? WriteFlags.KeepValue : 0)
            | (put.KeepLease ? WriteFlags.KeepLease : 0)));
        writer.Bytes(put.Key.Span);
        writer.Bytes(put.Value.Span);
        if (put.Lease != 0)
        {
            writer.Number(put.Lease);
        }
    }

    private static TxnRequest ReadRequest(ref WireReader reader, int depth)
    {
        if (depth == 0)
        {
            reader.Refuse();
        }

        // A compare has five bytes at least, an operation three.
        var compares = new Compare[reader.Count(minElementBytes: 5)];
        for (var i = 0; i < compares.Length && !reader.Failed; i++)
        {
            compares[i] = ReadCompare(ref reader);
        }

        return new TxnRequest
        {
            Compares = compares,
            Success = ReadOperations(ref reader, depth),
            Failure = ReadOperations(ref reader, depth),
        };
    }

    private static Compare ReadCompare(ref WireReader reader)
    {
        var target = (CompareTarget)reader.Byte();
        var result = (CompareResult)reader.Byte();
        if (target > CompareTarget.Lease || result > CompareResult.NotEqual)
        {
            reader.Refuse();
        }

        return new Compare
        {
            Target = target,
            Result = result,
            Key = reader.Bytes(),
            RangeEnd = reader.Bytes(),
            Value = target == CompareTarget.Value ? reader.Bytes() : default,
            Number = target == CompareTarget.Value ? 0 : reader.Number(),
        };
    }

    private static TxnOperation[] ReadOperations(ref WireReader reader, int depth)
    {
        var operations = new TxnOperation[reader.Count(minElementBytes: 3)];
        for (var i = 0; i < operations.Length && !reader.Failed; i++)
        {
            operations[i] = ReadOperation(ref reader, depth);
        }

        return operations;
    }

    private static TxnOperation ReadOperation(ref WireReader reader, int depth)
    {
        switch ((Kind)reader.Byte())
        {
            case Kind.Range:
                return new TxnOperation { Range = ReadRange(ref reader) };
            case Kind.Put:
                return new TxnOperation { Put = ReadPut(ref reader) };
            case Kind.DeleteRange:
                var returnsPrevious = reader.Flags((byte)WriteFlags.ReturnPrevious) != 0;
                return new TxnOperation
                {
                    DeleteRange = new DeleteRangeRequest
                    {
                        ReturnPrevious = returnsPrevious,
                        Key = reader.Bytes(),
                        RangeEnd = reader.Bytes(),
                    },
                };
            case Kind.Txn when !reader.Failed:
                return new TxnOperation { Txn = ReadRequest(ref reader, depth - 1) };
            default:
                reader.Refuse();
                return new TxnOperation();
        }
    }

    private static RangeRequest ReadRange(ref WireReader reader)
    {
        var flags = (RangeFlags)reader.Flags((byte)RangeFlags.All);
        var range = new RangeRequest
        {
            Key = reader.Bytes(),
            RangeEnd = reader.Bytes(),
            Revision = flags.HasFlag(RangeFlags.Revision) ? reader.Number() : 0,
            Limit = flags.HasFlag(RangeFlags.Limit) ? reader.Number() : 0,
            MaxBytes = flags.HasFlag(RangeFlags.MaxBytes) ? reader.Number() : 0,
            MaxValueBytes = flags.HasFlag(RangeFlags.MaxValueBytes) ? (int)reader.Number() : int.MaxValue,
            CountOnly = flags.HasFlag(RangeFlags.CountOnly),
            KeysOnly = flags.HasFlag(RangeFlags.KeysOnly),
        };
        if (flags.HasFlag(RangeFlags.Order))
        {
            range = range with { SortOrder = (SortOrder)reader.Byte(), SortTarget = (SortTarget)reader.Byte() };
            if (range.SortOrder > SortOrder.Descending || range.SortTarget > SortTarget.Value)
            {
                reader.Refuse();
            }
        }

        return !flags.HasFlag(RangeFlags.Filters) ? range : range with
        {
            MinModRevision = reader.Number(),
            MaxModRevision = reader.Number(),
            MinCreateRevision = reader.Number(),
            MaxCreateRevision = reader.Number(),
        };
    }

    private static PutRequest ReadPut(ref WireReader reader)
    {
        var flags = (WriteFlags)reader.Flags((byte)WriteFlags.OfPut);
        return new PutRequest
        {
            Key = reader.Bytes(),
            Value = reader.Bytes(),
            Lease = flags.HasFlag(WriteFlags.Lease) ? reader.Number() : 0,
            ReturnPrevious = flags.HasFlag(WriteFlags.ReturnPrevious),
            KeepValue = flags.HasFlag(WriteFlags.KeepValue),
            KeepLease = flags.HasFlag(WriteFlags.KeepLease),
        };
    }

    private static void Write(WireWriter writer, TxnOperationResponse operation)
    {
        if (operation.Range is { } range)
        {
            writer.Byte((byte)Kind.Range);
            writer.Number(range.Revision);
            writer.Byte(range.More ? (byte)1 : (byte)0);
            writer.Number(range.Count);
            KeyValueCodec.WriteAll(writer, range.Items);
        }
        else if (operation.Put is { } put)
        {
            writer.Byte((byte)Kind.Put);
            writer.Number(put.Revision);
            KeyValueCodec.WriteAll(writer, put.Previous is null ? [] : [put.Previous]);
        }
        else if (operation.DeleteRange is { } deletion)
        {
            writer.Byte((byte)Kind.DeleteRange);
            writer.Number(deletion.Revision);
            writer.Number(deletion.Deleted);
            KeyValueCodec.WriteAll(writer, deletion.Previous);
        }
        else
        {
            writer.Byte((byte)Kind.Txn);
            Write(writer, operation.Txn!);
        }
    }

    private static TxnResponse ReadResponse(ref WireReader reader, int depth)
    {
        if (depth == 0)
        {
            reader.Refuse();
        }

        var succeeded = reader.Byte() != 0;
        var revision = reader.Number();
        var operations = new TxnOperationResponse[reader.Count(minElementBytes: 3)];
        for (var i = 0; i < operations.Length && !reader.Failed; i++)
        {
            operations[i] = ReadOperationResponse(ref reader, depth);
        }

        return new TxnResponse { Succeeded = succeeded, Revision = revision, Responses = operations };
    }

    private static TxnOperationResponse ReadOperationResponse(ref WireReader reader, int depth)
    {
        var kind = (Kind)reader.Byte();
        switch (kind)
        {
            case Kind.Range:
                return new TxnOperationResponse
                {
                    Range = new RangeResponse
                    {
                        Revision = reader.Number(),
                        More = reader.Byte() != 0,
                        Count = reader.Number(),
                        Items = KeyValueCodec.ReadAll(ref reader),
                    },
                };
            case Kind.Put:
                return new TxnOperationResponse
                {
                    Put = new PutResponse
                    {
                        Succeeded = true,
                        Revision = reader.Number(),
                        Previous = KeyValueCodec.ReadAll(ref reader) is [{ } previous, ..] ? previous : null,
                    },
                };
            case Kind.DeleteRange:
                return new TxnOperationResponse
                {
                    DeleteRange = new DeleteRangeResponse
                    {
                        Succeeded = true,
                        Revision = reader.Number(),
                        Deleted = reader.Number(),
                        Previous = KeyValueCodec.ReadAll(ref reader),
                    },
                };
            case Kind.Txn when !reader.Failed:
                return new TxnOperationResponse { Txn = ReadResponse(ref reader, depth - 1) };
            default:
                reader.Refuse();
                return new TxnOperationResponse();
        }
    }
}
