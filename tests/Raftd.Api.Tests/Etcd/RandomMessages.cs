using System.Numerics;
using Google.Protobuf;
using Raftd.Api.Etcd.Codecs;
using Raftd.Contract;

namespace Raftd.Api.Tests.Etcd;

/// <summary>Random requests and answers of the etcd API, from a seed.</summary>
internal sealed class RandomMessages(int seed)
{
    private const int MaxListItems = 4;
    private static readonly byte[] TagOfSuccess = [(Wire.TxnRequest.SuccessFieldNumber << 3) | 2];

    private readonly Random _random = new(seed);

    public static RandomMessages FromNewSeed(ITestOutputHelper output)
    {
        var seed = Environment.GetEnvironmentVariable("RAFTD_TEST_SEED") is { } text ? int.Parse(text) : Random.Shared.Next();
        output.WriteLine($"seed {seed}; repeat with RAFTD_TEST_SEED={seed}");
        return new RandomMessages(seed);
    }

    public T Number<T>()
        where T : IBinaryInteger<T> => T.CreateTruncating(_random.Next(5) switch
        {
            0 => 0,
            1 => _random.Next(1, 6),
            2 => _random.Next(1000),
            3 => -1L,
            _ => _random.NextInt64(long.MinValue, long.MaxValue),
        });

    /// <summary>Half of them as they are, the others with what a wrong client, a newer one, or a hostile one sends.</summary>
    public byte[] Damage(byte[] message)
    {
        var at = _random.Next(message.Length + 1);
        return _random.Next(12) switch
        {
            0 => message[..at],
            1 => [.. message[..at], (byte)_random.Next(256), .. message[at..]],
            2 => [.. message[..at], .. message[Math.Min(at + 1, message.Length)..]],
            3 => [.. message[..at], .. Bytes(8), .. message[at..]],
            4 => [.. message, .. UnknownField()],
            5 => [.. message, .. OperationOfTwo()],
            _ => message,
        };
    }

    public Wire.TxnRequest Txn(int levels)
    {
        var txn = new Wire.TxnRequest();
        txn.Compare.AddRange(List(Compare));
        txn.Success.AddRange(List(() => Operation(levels)));
        txn.Failure.AddRange(List(() => Operation(levels)));
        return txn;
    }

    public TxnResponse TxnAnswer(int levels) => new()
    {
        Revision = Number<long>(),
        Succeeded = Coin(),
        Responses = [.. List(() => OperationAnswer(levels))],
    };

    /// <summary>Without a header.</summary>
    public WatchAnswer WatchAnswer() => new()
    {
        Header = null,
        WatchId = Number<long>(),
        Created = Coin(),
        Canceled = Coin(),
        CompactRevision = Number<long>(),
        CancelReason = Coin() ? "größer" : "",
        Fragment = Coin(),
        Events = [.. List(() => new WatchEvent(Item(), Coin(), Coin() ? Item() : null))],
    };

    private TxnOperationResponse OperationAnswer(int levels) => _random.Next(levels > 1 ? 4 : 3) switch
    {
        0 => new() { Range = new() { Revision = Number<long>(), Items = [.. List(Item)], Count = Number<long>(), More = Coin() } },
        1 => new() { Put = new() { Revision = Number<long>(), Succeeded = true, Previous = Coin() ? Item() : null } },
        2 => new()
        {
            DeleteRange = new() { Revision = Number<long>(), Succeeded = true, Deleted = Number<long>(), Previous = [.. List(Item)] },
        },
        _ => new() { Txn = TxnAnswer(levels - 1) },
    };

    private KeyValue Item() => new()
    {
        Key = Bytes(300),
        Value = Bytes(300),
        CreateRevision = Number<long>(),
        ModRevision = Number<long>(),
        Version = Number<long>(),
        Lease = Number<long>(),
    };

    private Wire.Compare Compare()
    {
        var compare = new Wire.Compare
        {
            Key = Text(),
            RangeEnd = Text(),
            Result = (Wire.Compare.Types.CompareResult)_random.Next(-1, 6),
            Target = (Wire.Compare.Types.CompareTarget)_random.Next(-1, 6),
        };
        switch (_random.Next(6))
        {
            case 0:
                compare.Version = Number<long>();
                break;
            case 1:
                compare.CreateRevision = Number<long>();
                break;
            case 2:
                compare.ModRevision = Number<long>();
                break;
            case 3:
                compare.Lease = Number<long>();
                break;
            case 4:
                compare.Value = Text();
                break;
            default:
                break;
        }

        return compare;
    }

    private Wire.RequestOp Operation(int levels) => _random.Next(levels > 1 ? 5 : 4) switch
    {
        0 => new() { RequestRange = Range() },
        1 => new() { RequestPut = Put() },
        2 => new() { RequestDeleteRange = new() { Key = Text(), RangeEnd = Text(), PrevKv = Coin() } },
        3 => new(),
        _ => new() { RequestTxn = Txn(levels - 1) },
    };

    private Wire.RangeRequest Range() => new()
    {
        Key = Text(),
        RangeEnd = Text(),
        Limit = Number<long>(),
        Revision = Number<long>(),
        SortOrder = (Wire.RangeRequest.Types.SortOrder)_random.Next(-1, 4),
        SortTarget = (Wire.RangeRequest.Types.SortTarget)_random.Next(-1, 6),
        Serializable = Coin(),
        KeysOnly = Coin(),
        CountOnly = Coin(),
        MinModRevision = Number<long>(),
        MaxModRevision = Number<long>(),
        MinCreateRevision = Number<long>(),
        MaxCreateRevision = Number<long>(),
    };

    private Wire.PutRequest Put() => new()
    {
        Key = Text(),
        Value = Text(),
        Lease = Number<long>(),
        PrevKv = Coin(),
        IgnoreValue = Coin(),
        IgnoreLease = Coin(),
    };

    /// <summary>Two parts in one operation, which no library writes and every one reads.</summary>
    private byte[] OperationOfTwo()
    {
        byte[] both = [.. Operation(levels: 2).ToByteArray(), .. Operation(levels: 2).ToByteArray()];
        return [.. TagOfSuccess, .. Varint(both.Length), .. both];
    }

    /// <summary>Of each wire type, groups included, and sometimes of a number that is known with another type.</summary>
    private byte[] UnknownField()
    {
        var field = _random.Next(1, 100);
        var type = _random.Next(8);
        byte[] value = type switch
        {
            0 => Varint(_random.Next()),
            1 => new byte[8],
            2 => [3, 1, 2, 3],
            3 => [.. Varint(1 << 3), 1, .. Varint((field << 3) | 4)],
            5 => new byte[4],
            _ => [],
        };
        return [.. Varint((field << 3) | type), .. value];
    }

    private static byte[] Varint(int value)
    {
        var bytes = new byte[10];
        var writer = new CodedOutputStream(bytes);
        writer.WriteUInt32((uint)value);
        return bytes[..(int)writer.Position];
    }

    private IEnumerable<T> List<T>(Func<T> item) => Enumerable.Range(0, _random.Next(MaxListItems + 1)).Select(_ => item());

    private ByteString Text() => ByteString.CopyFrom(Bytes(12));

    private byte[] Bytes(int most)
    {
        var bytes = new byte[_random.Next(most)];
        _random.NextBytes(bytes);
        return bytes;
    }

    private bool Coin() => _random.Next(2) == 0;
}
