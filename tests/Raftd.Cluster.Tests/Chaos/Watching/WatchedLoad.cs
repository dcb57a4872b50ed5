using System.Globalization;
using Google.Protobuf;
using Raftd.Api.Wire;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Cluster.Tests.Chaos.Watching;

/// <summary>Writers of the etcd API at all members: puts, deletions, transactions of several keys, large ones, and keys of leases
/// that end. What they are told goes into the true history.</summary>
internal sealed class WatchedLoad(Connections connections, TrueHistory truth, int seed) : IAsyncDisposable
{
    public const int Keys = 200;
    public const string Leased = "leased/";

    private const int Writers = 12;
    private const int LeaseWriters = 2;
    private const int LeaseSeconds = 2;
    private const int MostOfTransaction = 6;

    // Together more than a message of a watch has, so it comes as fragments, and less than a request may have.
    private const int LargeValues = 80;
    private const int LargeValueBytes = 15_000;
    private static readonly TimeSpan BetweenLargeOnes = TimeSpan.FromSeconds(2);

    // Without it the writers take all that the machine has, and the watches lag for no other reason.
    private static readonly TimeSpan WritersPause = TimeSpan.FromMilliseconds(20);

    private CancellationTokenSource _stop = new();
    private Task[] _writers = [];
    private long _answered;
    private int _round;
    private int _number;

    /// <summary>Writes that were acknowledged.</summary>
    public long Answered => Interlocked.Read(ref _answered);

    public static ByteString Key(int number) => ByteString.CopyFromUtf8(string.Create(CultureInfo.InvariantCulture, $"k/{number:000}"));

    /// <summary>What begins a value that is written once.</summary>
    public static string? TryIdOf(ByteString value)
    {
        var end = value.Span.IndexOf((byte)':');
        return end < 0 ? null : ByteString.CopyFrom(value.Span[..end]).ToStringUtf8();
    }

    /// <summary>Of a change only what its writer knows.</summary>
    public static Event Essence(Event change) => change.Type == Event.Types.EventType.Delete
        ? Deleted(change.Kv.Key)
        : new Event { Kv = new KeyValue { Key = change.Kv.Key, Value = change.Kv.Value, Lease = change.Kv.Lease } };

    public void Start()
    {
        _round++;
        _stop = new CancellationTokenSource();
        _writers =
        [
            .. Enumerable.Range(0, Writers).Select(writer => RunAsync(writer, WriteAsync, WritersPause)),
            .. Enumerable.Range(Writers, LeaseWriters).Select(writer => RunAsync(writer, WriteLeasedAsync, TimeSpan.FromSeconds(1))),
            RunAsync(Writers + LeaseWriters, WriteLargeAsync, BetweenLargeOnes),
        ];
    }

    /// <summary>Returns when all requests have ended; throws what a writer stumbled over.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_writers);
        _stop.Dispose();
        _writers = [];
    }

    /// <summary>Large transactions, one after the other.</summary>
    public async Task WriteLargeOnesAsync(int count, TimeSpan limit)
    {
        var random = new Random(seed);
        await Until.TrueAsync($"{count} large writes are acknowledged", limit, async () =>
        {
            count -= await WriteLargeAsync(random, random.Next(connections.Members)) ? 1 : 0;
            return count <= 0;
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_writers.Length > 0)
        {
            await StopAsync();
        }
    }

    private Task RunAsync(int writer, Func<Random, int, Task<bool>> write, TimeSpan pause) => Task.Run(async () =>
    {
        var random = Seed.RandomOf(seed, writer, _round);
        for (var member = random.Next(connections.Members); !_stop.IsCancellationRequested;)
        {
            if (!await write(random, member))
            {
                member = (member + 1) % connections.Members;
            }

            await Task.WhenAny(Task.Delay(pause, _stop.Token));
        }
    });

    /// <returns>Whether it was acknowledged; so with those below.</returns>
    private Task<bool> WriteAsync(Random random, int member) => random.Next(20) switch
    {
        < 9 => PutAsync(member, Key(random.Next(Keys)), lease: 0),
        < 12 => DeleteAsync(member, Key(random.Next(Keys)), keys: 1),
        12 => DeleteAsync(member, Key(random.Next(Keys)), random.Next(2, 12)),
        _ => WriteTransactionAsync(member, Drawn(random)),
    };

    private async Task<bool> PutAsync(int member, ByteString key, long lease)
    {
        var put = new PutRequest { Key = key, Value = NextValue(), Lease = lease };
        var answer = await AskAsync(member, "KV/Put", put, PutResponse.Parser);
        return Acknowledged((answer as PutResponse)?.Header, [Put(put)]);
    }

    private async Task<bool> DeleteAsync(int member, ByteString key, int keys)
    {
        var deletion = new DeleteRangeRequest { Key = key, RangeEnd = EndOf(key, keys), PrevKv = true };
        var answer = await AskAsync(member, "KV/DeleteRange", deletion, DeleteRangeResponse.Parser) as DeleteRangeResponse;
        return Acknowledged(answer?.Header, answer?.PrevKvs.Select(static version => Deleted(version.Key)));
    }

    private async Task<bool> WriteTransactionAsync(int member, TxnRequest txn)
    {
        var answer = await AskAsync(member, "KV/Txn", txn, TxnResponse.Parser) as TxnResponse;
        return Acknowledged(answer?.Header, answer is null ? [] : ChangesOf(answer.Succeeded ? txn.Success : txn.Failure, answer.Responses));
    }

    private Task<bool> WriteLargeAsync(Random random, int member)
    {
        var txn = new TxnRequest();
        var padding = new string((char)('a' + random.Next(26)), LargeValueBytes);
        for (var number = 0; number < LargeValues; number++)
        {
            var key = ByteString.CopyFromUtf8(string.Create(CultureInfo.InvariantCulture, $"large/{number:00}"));
            txn.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = key, Value = NextValue(padding) } });
        }

        return WriteTransactionAsync(member, txn);
    }

    /// <summary>Some keys of a lease that nobody renews.</summary>
    private async Task<bool> WriteLeasedAsync(Random random, int member)
    {
        var grant = await AskAsync(member, "Lease/LeaseGrant", new LeaseGrantRequest { TTL = LeaseSeconds }, LeaseGrantResponse.Parser);
        if (grant is not LeaseGrantResponse lease)
        {
            return false;
        }

        for (var left = random.Next(1, 4); left > 0; left--)
        {
            await PutAsync(member, ByteString.CopyFromUtf8(string.Create(CultureInfo.InvariantCulture, $"{Leased}{random.Next(20):00}")), lease.ID);
        }

        return true;
    }

    private TxnRequest Drawn(Random random)
    {
        var txn = new TxnRequest();
        if (random.Next(2) == 0)
        {
            txn.Compare.Add(new Compare { Key = Key(random.Next(Keys)), Target = Compare.Types.CompareTarget.Version, Version = 0 });
            txn.Failure.Add(Operation(random, Key(random.Next(Keys))));
        }

        // Each key once: a transaction may not put one twice.
        var first = random.Next(Keys - (MostOfTransaction * 8));
        for (var left = random.Next(1, MostOfTransaction); left >= 0; left--)
        {
            txn.Success.Add(Operation(random, Key(first + (8 * left))));
        }

        return txn;
    }

    private RequestOp Operation(Random random, ByteString key) => random.Next(3) == 0
        ? new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = key, RangeEnd = EndOf(key, random.Next(1, 5)), PrevKv = true } }
        : new RequestOp { RequestPut = new PutRequest { Key = key, Value = NextValue() } };

    private static ByteString EndOf(ByteString key, int keys) =>
        Key(int.Parse(key.ToStringUtf8().AsSpan(2), CultureInfo.InvariantCulture) + keys);

    private ByteString NextValue(string padding = "") => ByteString.CopyFromUtf8(
        string.Create(CultureInfo.InvariantCulture, $"{Interlocked.Increment(ref _number)}:{padding}"));

    private async Task<IMessage?> AskAsync(int member, string method, IMessage request, MessageParser answers)
    {
        const int InvalidArgument = 3;
        var answer = await connections.TryAsync(member % Connections.Groups, member, method, request, answers);
        Require(answer?.Code is not InvalidArgument, $"{request} was refused: {answer?.Message}");
        return answer?.Response;
    }

    private bool Acknowledged(ResponseHeader? header, IEnumerable<Event>? changes)
    {
        if (header is null)
        {
            return false;
        }

        Interlocked.Increment(ref _answered);
        if (changes?.ToArray() is { Length: > 0 } made)
        {
            truth.Acknowledge(header.Revision, made);
        }

        return true;
    }

    private static IEnumerable<Event> ChangesOf(IEnumerable<RequestOp> operations, IEnumerable<ResponseOp> answers) =>
        operations.Zip(answers).SelectMany(static pair => pair.First.RequestPut is { } put
            ? [Put(put)]
            : pair.Second.ResponseDeleteRange.PrevKvs.Select(static version => Deleted(version.Key)));

    private static Event Put(PutRequest put) => new() { Kv = new KeyValue { Key = put.Key, Value = put.Value, Lease = put.Lease } };

    private static Event Deleted(ByteString key) => new() { Type = Event.Types.EventType.Delete, Kv = new KeyValue { Key = key } };
}
