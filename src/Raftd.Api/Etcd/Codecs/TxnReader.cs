using System.Buffers;
using Raftd.Contract;

namespace Raftd.Api.Etcd.Codecs;

/// <summary>Reads transactions from the wire as the contract has them. Nothing is checked here but the form: see TxnCalls.</summary>
/// <param name="maxRangeBytes">Of the items of each range.</param>
internal sealed class TxnReader(long maxRangeBytes)
{
    private int _parts;

    /// <exception cref="EtcdException">The message is malformed, or has more compares and operations than any may have: a byte or
    /// two of the message make one of them.</exception>
    public TxnRequest Read(ProtoReader message)
    {
        List<Compare> compares = [];
        List<TxnOperation> success = [], failure = [];
        while (message.Next())
        {
            switch (message.Field)
            {
                case Wire.TxnRequest.CompareFieldNumber:
                    if (message.TryRead(out var compare))
                    {
                        compares.Add(ReadCompare(compare));
                    }

                    break;
                case Wire.TxnRequest.SuccessFieldNumber:
                    AddOperation(ref message, success);
                    break;
                case Wire.TxnRequest.FailureFieldNumber:
                    AddOperation(ref message, failure);
                    break;
                default:
                    message.Skip();
                    break;
            }
        }

        return new TxnRequest { Compares = compares, Success = success, Failure = failure };
    }

    /// <summary>A number or a value that is not the target's counts as none: 0, or an empty value.</summary>
    private Compare ReadCompare(ProtoReader message)
    {
        CountPart();
        ReadOnlyMemory<byte> key = default, rangeEnd = default, value = default;
        var (number, of) = (0L, 0);
        int target = 0, result = 0;
        while (message.Next())
        {
            switch (message.Field)
            {
                case Wire.Compare.ResultFieldNumber: message.Read(ref result); break;
                case Wire.Compare.TargetFieldNumber: message.Read(ref target); break;
                case Wire.Compare.KeyFieldNumber: message.Read(ref key); break;
                case Wire.Compare.RangeEndFieldNumber: message.Read(ref rangeEnd); break;
                case Wire.Compare.VersionFieldNumber:
                case Wire.Compare.CreateRevisionFieldNumber:
                case Wire.Compare.ModRevisionFieldNumber:
                case Wire.Compare.LeaseFieldNumber:
                    of = message.TryRead(ref number) ? message.Field : of;
                    break;
                case Wire.Compare.ValueFieldNumber:
                    of = message.TryRead(ref value) ? message.Field : of;
                    break;
                default: message.Skip(); break;
            }
        }

        var kind = (CompareTarget)KnownOrLast(target);
        var isTargets = of == FieldOf(kind);
        return new Compare
        {
            Key = key,
            RangeEnd = rangeEnd,
            Target = kind,
            Result = (CompareResult)KnownOrLast(result),
            Number = isTargets ? number : 0,
            Value = isTargets ? value : default,
        };
    }

    private void AddOperation(ref ProtoReader message, List<TxnOperation> operations)
    {
        if (message.TryRead(out var operation))
        {
            operations.Add(ReadOperation(operation));
        }
    }

    /// <summary>Of parts of several kinds the last one counts; those of one kind in a row are one, whose fields stand behind each
    /// other. Each is read once, however many there are.</summary>
    /// <returns>Without a part where the message has none.</returns>
    private TxnOperation ReadOperation(ProtoReader message)
    {
        CountPart();
        ReadOnlyMemory<byte> part = default, next = default;
        ArrayBufferWriter<byte>? joined = null;
        var kind = 0;
        while (message.Next())
        {
            if (!IsPart(message.Field))
            {
                message.Skip();
                continue;
            }

            if (!message.TryRead(ref next))
            {
                continue;
            }

            if (message.Field == kind)
            {
                joined ??= CopyOf(part);
                joined.Write(next.Span);
                continue;
            }

            // The part before does not count, but a malformed one refuses the message.
            _ = ReadPart(kind, message.Within(joined?.WrittenMemory ?? part));
            (kind, part, joined) = (message.Field, next, null);
        }

        return ReadPart(kind, message.Within(joined?.WrittenMemory ?? part));
    }

    private static bool IsPart(int field) => field is Wire.RequestOp.RequestRangeFieldNumber
        or Wire.RequestOp.RequestPutFieldNumber or Wire.RequestOp.RequestDeleteRangeFieldNumber or Wire.RequestOp.RequestTxnFieldNumber;

    private static ArrayBufferWriter<byte> CopyOf(ReadOnlyMemory<byte> part)
    {
        var copy = new ArrayBufferWriter<byte>();
        copy.Write(part.Span);
        return copy;
    }

    private TxnOperation ReadPart(int field, ProtoReader message) => field switch
    {
        Wire.RequestOp.RequestRangeFieldNumber =>
            new TxnOperation { Range = KeyRequestReader.ReadRange(message, maxRangeBytes, isInTxn: true) },
        Wire.RequestOp.RequestPutFieldNumber => new TxnOperation { Put = KeyRequestReader.ReadPut(message) },
        Wire.RequestOp.RequestDeleteRangeFieldNumber => new TxnOperation { DeleteRange = KeyRequestReader.ReadDeleteRange(message) },
        Wire.RequestOp.RequestTxnFieldNumber => new TxnOperation { Txn = Read(message) },
        _ => new TxnOperation(),
    };

    private void CountPart()
    {
        _parts++;
        if (_parts > Bounds.MaxNestedTxnOperations)
        {
            EtcdStatus.TooManyOps.Throw();
        }
    }

    /// <summary>The contract's enums are bytes: what is none of theirs must not become one by losing bits.</summary>
    private static byte KnownOrLast(int value) => value is >= 0 and < byte.MaxValue ? (byte)value : byte.MaxValue;

    private static int FieldOf(CompareTarget target) => target switch
    {
        CompareTarget.Version => Wire.Compare.VersionFieldNumber,
        CompareTarget.CreateRevision => Wire.Compare.CreateRevisionFieldNumber,
        CompareTarget.ModRevision => Wire.Compare.ModRevisionFieldNumber,
        CompareTarget.Value => Wire.Compare.ValueFieldNumber,
        CompareTarget.Lease => Wire.Compare.LeaseFieldNumber,
        _ => 0,
    };
}
