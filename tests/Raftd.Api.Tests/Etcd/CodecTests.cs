using System.Buffers;
using System.Text.Json;
using Google.Protobuf;
using Raftd.Api.Etcd;
using Raftd.Api.Etcd.Codecs;
using Raftd.Contract;
using Part = Raftd.Api.Wire.RequestOp.RequestOneofCase;

namespace Raftd.Api.Tests.Etcd;

/// <summary>What reads and writes the calls that are asked most, held against Protobuf's own code: random requests, whole and
/// damaged, are read or refused alike, and answers are the same to the byte.</summary>
public sealed class CodecTests(ITestOutputHelper output)
{
    private const long MaxBytes = 1000;

    private readonly RandomMessages _random = RandomMessages.FromNewSeed(output);

    [Fact]
    public void Requests_Random_AreReadAsProtobufReadsThem()
    {
        var refused = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = _random.Damage(_random.Txn(levels: 3).ToByteArray());
            var expected = Parse(bytes) is { } message ? TextOf(Of(message)) : null;
            Assert.Equal(expected, Read(bytes) is { } request ? TextOf(request) : null);
            refused += expected is null ? 1 : 0;
        }

        // Else the damage is too small, or too great.
        Assert.InRange(refused, 1_000, 15_000);
    }

    [Fact]
    public void Answers_Random_AreProtobufsOwnBytes()
    {
        for (var i = 0; i < 5_000; i++)
        {
            var origin = new Origin(_random.Number<ulong>(), _random.Number<ulong>(), _random.Number<ulong>());
            var answer = _random.TxnAnswer(levels: 3);
            var expected = Of(answer);
            expected.Header = new Wire.ResponseHeader
            {
                ClusterId = origin.ClusterId,
                MemberId = origin.MemberId,
                RaftTerm = origin.Term,
                Revision = answer.Revision,
            };
            Assert.Equal(expected.ToByteArray(), Encode(new TxnAnswer(new AnswerHeader(origin, answer.Revision), answer)));
        }
    }

    [Fact]
    public void KeepAlives_AreReadAndAnsweredAsProtobufDoes()
    {
        foreach (var id in (long[])[0, 1, 127, 128, long.MaxValue, -1, long.MinValue])
        {
            var request = new Wire.LeaseKeepAliveRequest { ID = id };
            Assert.Equal(id, KeepAliveReader.ReadId(new ProtoReader(request.ToByteArray())));
            var answer = new Wire.LeaseKeepAliveResponse { Header = new Wire.ResponseHeader { Revision = 3 }, ID = id, TTL = 5 };
            Assert.Equal(answer.ToByteArray(), Encode(new KeepAliveAnswer(new AnswerHeader(default, 3), id, 5)));
        }
    }

    [Fact]
    public void WatchAnswers_Random_AreProtobufsOwnBytes()
    {
        for (var i = 0; i < 5_000; i++)
        {
            var answer = _random.WatchAnswer();
            var expected = new Wire.WatchResponse
            {
                Header = HeaderOf(i),
                WatchId = answer.WatchId,
                Created = answer.Created,
                Canceled = answer.Canceled,
                CompactRevision = answer.CompactRevision,
                CancelReason = answer.CancelReason,
                Fragment = answer.Fragment,
            };
            expected.Events.AddRange(answer.Events.Select(Of));
            Assert.Equal(expected.ToByteArray(), Encode(answer with { Header = new AnswerHeader(default, i) }));
        }
    }

    [Fact]
    public void Value_LargerThanThePiecesOfThePipe_IsWrittenWhole()
    {
        var value = new byte[100_000];
        Random.Shared.NextBytes(value);
        var previous = new KeyValue { Key = value.AsMemory(0, 9), Value = value, CreateRevision = 1, ModRevision = 2, Version = 3, Lease = 4 };
        var answer = new PutResponse { Revision = 5, Succeeded = true, Previous = previous };
        var expected = new Wire.PutResponse { Header = new Wire.ResponseHeader { Revision = 5 }, PrevKv = Of(previous) };
        var pieces = new SmallPieces();
        var put = new PutAnswer(new AnswerHeader(default, 5), answer);
        ProtoWriter.Write(pieces, put, put.Bytes);
        Assert.Equal(expected.ToByteArray(), pieces.Written);
    }

    [Fact]
    public void Txn_WithAsManyOperationsAsBytesAllow_IsRefusedBeforeTheyAreMade()
    {
        var tooMany = new Wire.TxnRequest();
        tooMany.Success.AddRange(Enumerable.Repeat(new Wire.RequestOp(), Bounds.MaxNestedTxnOperations + 1));
        var refusal = Assert.Throws<EtcdException>(() => new TxnReader(MaxBytes).Read(new ProtoReader(tooMany.ToByteArray())));
        Assert.Equal(EtcdStatus.TooManyOps, refusal.Status);
    }

    private static Wire.TxnRequest? Parse(byte[] bytes)
    {
        try
        {
            return Wire.TxnRequest.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static TxnRequest? Read(byte[] bytes)
    {
        try
        {
            return new TxnReader(MaxBytes).Read(new ProtoReader(bytes));
        }
        catch (EtcdException malformed)
        {
            Assert.Equal(GrpcCode.Internal, malformed.Status.Code);
            return null;
        }
    }

    private static byte[] Encode<T>(T answer)
        where T : struct, IEncodedAnswer
    {
        var bytes = new ArrayBufferWriter<byte>();
        ProtoWriter.Write(bytes, answer, answer.Bytes);
        return bytes.WrittenSpan.ToArray();
    }

    private static string TextOf(TxnRequest request) => JsonSerializer.Serialize(request);

    private static TxnRequest Of(Wire.TxnRequest request) => new()
    {
        Compares = [.. request.Compare.Select(Of)],
        Success = [.. request.Success.Select(Of)],
        Failure = [.. request.Failure.Select(Of)],
    };

    private static Compare Of(Wire.Compare compare) => new()
    {
        Key = compare.Key.Memory,
        RangeEnd = compare.RangeEnd.Memory,
        Target = Enum.IsDefined(compare.Target) ? (CompareTarget)compare.Target : (CompareTarget)Unknown((int)compare.Target),
        Result = Enum.IsDefined(compare.Result) ? (CompareResult)compare.Result : (CompareResult)Unknown((int)compare.Result),
        Number = compare.Target switch
        {
            Wire.Compare.Types.CompareTarget.Version => compare.Version,
            Wire.Compare.Types.CompareTarget.Create => compare.CreateRevision,
            Wire.Compare.Types.CompareTarget.Mod => compare.ModRevision,
            Wire.Compare.Types.CompareTarget.Lease => compare.Lease,
            _ => 0,
        },
        Value = compare.Target == Wire.Compare.Types.CompareTarget.Value ? compare.Value.Memory : default,
    };

    private static byte Unknown(int value) => value is > 0 and < byte.MaxValue ? (byte)value : byte.MaxValue;

    private static TxnOperation Of(Wire.RequestOp operation) => operation.RequestCase switch
    {
        Part.RequestRange => new TxnOperation { Range = Of(operation.RequestRange) },
        Part.RequestPut => new TxnOperation { Put = Of(operation.RequestPut) },
        Part.RequestDeleteRange => new TxnOperation { DeleteRange = Of(operation.RequestDeleteRange) },
        Part.RequestTxn => new TxnOperation { Txn = Of(operation.RequestTxn) },
        _ => new TxnOperation(),
    };

    private static RangeRequest Of(Wire.RangeRequest range) => new()
    {
        Key = range.Key.Memory,
        RangeEnd = range.RangeEnd.Memory,
        Revision = range.Revision,
        Limit = Math.Max(range.Limit, 0),
        MaxBytes = MaxBytes,
        CountOnly = range.CountOnly,
        KeysOnly = range.KeysOnly,
        Level = range.Serializable ? ReadLevel.Stale : ReadLevel.Linearizable,
        SortTarget = (SortTarget)range.SortTarget,
        SortOrder = (SortOrder)range.SortOrder,
        MinModRevision = range.MinModRevision,
        MaxModRevision = range.MaxModRevision,
        MinCreateRevision = range.MinCreateRevision,
        MaxCreateRevision = range.MaxCreateRevision,
    };

    private static PutRequest Of(Wire.PutRequest put) => new()
    {
        Key = put.Key.Memory,
        Value = put.Value.Memory,
        Lease = put.Lease,
        ReturnPrevious = put.PrevKv,
        KeepValue = put.IgnoreValue,
        KeepLease = put.IgnoreLease,
    };

    private static DeleteRangeRequest Of(Wire.DeleteRangeRequest deletion) =>
        new() { Key = deletion.Key.Memory, RangeEnd = deletion.RangeEnd.Memory, ReturnPrevious = deletion.PrevKv };

    private static Wire.TxnResponse Of(TxnResponse answer)
    {
        var response = new Wire.TxnResponse { Succeeded = answer.Succeeded };
        response.Responses.AddRange(answer.Responses.Select(Of));
        return response;
    }

    private static Wire.ResponseOp Of(TxnOperationResponse answer)
    {
        if (answer.Range is { } range)
        {
            var response = new Wire.RangeResponse { Header = HeaderOf(range.Revision), More = range.More, Count = range.Count };
            response.Kvs.AddRange(range.Items.Select(Of));
            return new Wire.ResponseOp { ResponseRange = response };
        }

        if (answer.Put is { } put)
        {
            var previous = put.Previous is { } item ? Of(item) : null;
            return new Wire.ResponseOp { ResponsePut = new Wire.PutResponse { Header = HeaderOf(put.Revision), PrevKv = previous } };
        }

        if (answer.DeleteRange is { } deleted)
        {
            var response = new Wire.DeleteRangeResponse { Header = HeaderOf(deleted.Revision), Deleted = deleted.Deleted };
            response.PrevKvs.AddRange(deleted.Previous.Select(Of));
            return new Wire.ResponseOp { ResponseDeleteRange = response };
        }

        var nested = Of(answer.Txn!);
        nested.Header = new Wire.ResponseHeader();
        return new Wire.ResponseOp { ResponseTxn = nested };
    }

    private static Wire.ResponseHeader HeaderOf(long revision) => new() { Revision = revision };

    private static Wire.Event Of(WatchEvent change) => new()
    {
        Type = change.IsDelete ? Wire.Event.Types.EventType.Delete : Wire.Event.Types.EventType.Put,
        Kv = Of(change.Key),
        PrevKv = change.Previous is { } previous ? Of(previous) : null,
    };

    private static Wire.KeyValue Of(KeyValue item) => new()
    {
        Key = ByteString.CopyFrom(item.Key.Span),
        Value = ByteString.CopyFrom(item.Value.Span),
        CreateRevision = item.CreateRevision,
        ModRevision = item.ModRevision,
        Version = item.Version,
        Lease = item.Lease,
    };

    /// <summary>Gives out as little as it may.</summary>
    private sealed class SmallPieces : IBufferWriter<byte>
    {
        private byte[] _piece = [];

        public List<byte> Written { get; } = [];

        public void Advance(int count) => Written.AddRange(_piece.AsSpan(0, count));

        public Memory<byte> GetMemory(int sizeHint = 0) => _piece = new byte[Math.Max(sizeHint, 1)];

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }
}
