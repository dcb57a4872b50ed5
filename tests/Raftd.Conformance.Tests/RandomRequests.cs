using Google.Protobuf;
using Raftd.Api.Wire;

namespace Raftd.Conformance.Tests;

/// <summary>One call: its method, its JSON path, its request and how its answer is read.</summary>
internal sealed record Call(string Path, string JsonPath, IMessage Request, MessageParser Answers)
{
    public override string ToString() => $"{Path} {Request}";
}

/// <summary>Requests over few keys, leases and revisions, so that they meet; many are refused, and some make no sense.</summary>
internal sealed class RandomRequests(Random random)
{
    private const int Keys = 10;
    private const int Leases = 5;

    /// <summary>The newest revision that was answered, set by who sends.</summary>
    public long Revision { get; set; } = 1;

    public Call Next() => random.Next(40) switch
    {
        < 10 => Of("KV/Put", "kv/put", Put(), PutResponse.Parser),
        < 20 => Of("KV/Range", "kv/range", Range(), RangeResponse.Parser),
        < 24 => Of("KV/DeleteRange", "kv/deleterange", DeleteRange(), DeleteRangeResponse.Parser),
        < 33 => Of("KV/Txn", "kv/txn", Survivable(Txn(depth: 2)), TxnResponse.Parser),
        33 => Of(
            "KV/Compact",
            "kv/compaction",
            new CompactionRequest { Revision = Revision - random.Next(-2, 60), Physical = random.Next(2) == 0 },
            CompactionResponse.Parser),
        34 or 35 => Of(
            "Lease/LeaseGrant", "lease/grant", new LeaseGrantRequest { ID = Lease(), TTL = Ttl() }, LeaseGrantResponse.Parser),
        36 => Of("Lease/LeaseRevoke", "lease/revoke", new LeaseRevokeRequest { ID = Lease() }, LeaseRevokeResponse.Parser),
        37 => Of(
            "Lease/LeaseTimeToLive",
            "lease/timetolive",
            new LeaseTimeToLiveRequest { ID = Lease(), Keys = random.Next(2) == 0 },
            LeaseTimeToLiveResponse.Parser),
        38 => Of("Lease/LeaseLeases", "lease/leases", new LeaseLeasesRequest(), LeaseLeasesResponse.Parser),
        _ => Of("Lease/LeaseGrant", "lease/grant", new LeaseGrantRequest { ID = Lease(), TTL = 600 }, LeaseGrantResponse.Parser),
    };

    /// <summary>A watch that may start in the past, now or in the future, and may make no sense.</summary>
    public WatchCreateRequest Watch()
    {
        var watch = new WatchCreateRequest
        {
            Key = Key(),
            RangeEnd = End(),
            StartRevision = random.Next(4) switch { 0 => Math.Max(1, Revision - random.Next(200)), 1 => Revision + random.Next(30), _ => 0 },
            PrevKv = random.Next(2) == 0,
            Fragment = random.Next(4) == 0,
            WatchId = random.Next(12) == 0 ? random.Next(40) : 0,
        };
        if (random.Next(5) == 0)
        {
            watch.Filters.Add((WatchCreateRequest.Types.FilterType)random.Next(2));
        }

        return watch;
    }

    public static Call PutOf(ByteString key) => Of("KV/Put", "kv/put", new PutRequest { Key = key }, PutResponse.Parser);

    public static Call RangeOf(ByteString key) => Of("KV/Range", "kv/range", new RangeRequest { Key = key }, RangeResponse.Parser);

    private static Call Of(string method, string json, IMessage request, MessageParser answers) =>
        new($"/etcdserverpb.{method}", $"/v3/{json}", request, answers);

    private PutRequest Put() => new()
    {
        Key = Key(),
        Value = random.Next(12) == 0 ? ByteString.Empty : Value(),
        Lease = random.Next(4) == 0 ? Lease() : 0,
        PrevKv = random.Next(2) == 0,
        IgnoreValue = random.Next(12) == 0,
        IgnoreLease = random.Next(12) == 0,
    };

    private RangeRequest Range() => new()
    {
        Key = Key(),
        RangeEnd = End(),
        Limit = random.Next(3) == 0 ? random.Next(-1, 5) : 0,
        Revision = random.Next(3) == 0 ? Past() : 0,
        SortOrder = (RangeRequest.Types.SortOrder)random.Next(3),
        SortTarget = (RangeRequest.Types.SortTarget)random.Next(5),
        Serializable = random.Next(3) == 0,
        KeysOnly = random.Next(4) == 0,
        CountOnly = random.Next(6) == 0,
        MinModRevision = Bound(),
        MaxModRevision = Bound(),
        MinCreateRevision = Bound(),
        MaxCreateRevision = Bound(),
    };

    private DeleteRangeRequest DeleteRange() => new() { Key = Key(), RangeEnd = End(), PrevKv = random.Next(2) == 0 };

    private TxnRequest Txn(int depth)
    {
        var txn = new TxnRequest();
        for (var i = random.Next(3); i > 0; i--)
        {
            txn.Compare.Add(Compare());
        }

        for (var i = random.Next(4); i > 0; i--)
        {
            txn.Success.Add(Operation(depth));
        }

        for (var i = random.Next(3); i > 0; i--)
        {
            txn.Failure.Add(Operation(depth));
        }

        return txn;
    }

    /// <summary>etcd ends, with a panic, over a put that keeps the value of a key that the transaction has deleted before.</summary>
    private static TxnRequest Survivable(TxnRequest txn)
    {
        var operations = AllOf(txn).ToList();
        if (operations.Exists(static operation => operation.RequestDeleteRange is not null))
        {
            foreach (var put in operations.Select(static operation => operation.RequestPut).OfType<PutRequest>())
            {
                put.IgnoreValue = put.IgnoreLease = false;
            }
        }

        return txn;
    }

    private static IEnumerable<RequestOp> AllOf(TxnRequest txn) => txn.Success.Concat(txn.Failure).SelectMany(
        static operation => operation.RequestTxn is { } nested ? AllOf(nested) : [operation]);

    private Compare Compare()
    {
        var compare = new Compare
        {
            Key = Key(),
            RangeEnd = random.Next(4) == 0 ? End() : ByteString.Empty,
            Result = (Compare.Types.CompareResult)random.Next(4),
            Target = (Compare.Types.CompareTarget)random.Next(5),
        };
        switch (random.Next(8) == 0 ? (Compare.Types.CompareTarget)random.Next(5) : compare.Target)
        {
            case Api.Wire.Compare.Types.CompareTarget.Version:
                compare.Version = random.Next(4);
                break;
            case Api.Wire.Compare.Types.CompareTarget.Create:
                compare.CreateRevision = random.Next(2) * (Revision - random.Next(20));
                break;
            case Api.Wire.Compare.Types.CompareTarget.Mod:
                compare.ModRevision = random.Next(2) * (Revision - random.Next(20));
                break;
            case Api.Wire.Compare.Types.CompareTarget.Lease:
                compare.Lease = Lease();
                break;
            default:
                compare.Value = Value();
                break;
        }

        return compare;
    }

    private RequestOp Operation(int depth) => random.Next(depth == 0 ? 9 : 11) switch
    {
        < 3 => new RequestOp { RequestPut = Put() },
        < 5 => new RequestOp { RequestDeleteRange = DeleteRange() },
        < 8 => new RequestOp { RequestRange = Range() },
        8 when random.Next(10) == 0 => new RequestOp(),
        8 => new RequestOp { RequestRange = new RangeRequest { Key = Key() } },
        _ => new RequestOp { RequestTxn = Txn(depth - 1) },
    };

    private ByteString Key() => random.Next(60) == 0 ? ByteString.Empty : ByteString.CopyFromUtf8($"k{random.Next(Keys)}");

    private ByteString End() => random.Next(5) switch
    {
        0 or 1 => ByteString.Empty,
        2 => ByteString.CopyFrom(0),
        _ => ByteString.CopyFromUtf8($"k{random.Next(Keys)}"),
    };

    private ByteString Value() => ByteString.CopyFromUtf8($"v{random.Next(4)}");

    private long Bound() => random.Next(10) == 0 ? Revision - random.Next(-2, 30) : 0;

    /// <summary>A revision, most often of the past. In a transaction etcd takes -1 for the newest one, as long as nothing was
    /// compacted (docs/etcd-compatibility.md).</summary>
    private long Past() => Revision - random.Next(-2, 40) is var past and not -1 ? past : -2;

    private long Lease() => 7_000 + random.Next(Leases);

    private long Ttl() => random.Next(10) == 0 ? 9_000_000_001 : 600 + random.Next(600);
}
