using System.Buffers.Binary;
using System.Diagnostics;
using Google.Protobuf;
using Raftd.Api.Wire;
using Raftd.Testing.Http;

namespace Raftd.Benchmarks.Etcd;

/// <summary>What h2load cannot ask: streams, and lists that are too long to be asked by the thousand.</summary>
internal static class Streams
{
    public const int ListedKeys = 100_000;
    public const int ListedValueBytes = 100;

    private const int KeptAlive = 64;
    private const int Watchers = 1000;
    private const int WatchersOfAConnection = 100;

    private static readonly byte[] Watched = "watched"u8.ToArray();

    /// <summary>Clients that renew a lease each, and wait for the answer before they renew it again.</summary>
    public static async Task<WrkResult> KeepAliveAsync(Contender contender, BenchmarkOptions options)
    {
        using var clients = new Clients(contender, options.Connections);
        var streams = new List<(StreamedBody Requests, Stream Answers, byte[] Request)>();
        for (var i = 0; i < KeptAlive; i++)
        {
            var client = clients[i % options.Connections];
            var lease = await client.CallAsync("etcdserverpb.Lease/LeaseGrant", new LeaseGrantRequest { TTL = 3600 }, LeaseGrantResponse.Parser);
            var request = EtcdClient.Frame(new LeaseKeepAliveRequest { ID = lease.ID });
            var (requests, answers) = await client.OpenAsync("etcdserverpb.Lease/LeaseKeepAlive", request);
            await SkipMessageAsync(answers);
            streams.Add((requests, answers, request));
        }

        var result = await MeasureAsync(contender, options, streams.ToArray(), static async stream =>
        {
            await stream.Requests.WriteAsync(stream.Request);
            await SkipMessageAsync(stream.Answers);
            return 1;
        });
        streams.ForEach(static stream => stream.Requests.End());
        return result;
    }

    /// <summary>One key that a thousand watch, and one client that writes it. An operation is an event that has reached a
    /// watcher; its latency is the time from the put until the last of them has it.</summary>
    public static async Task<WrkResult> FanOutAsync(Contender contender, BenchmarkOptions options)
    {
        using var clients = new Clients(contender, Watchers / WatchersOfAConnection + 1);
        var writer = clients[0];
        List<Stream> watches = [];
        List<StreamedBody> open = [];
        var create = EtcdClient.Frame(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = ByteString.CopyFrom(Watched) } });
        for (var i = 0; i < Watchers; i++)
        {
            var (requests, answers) = await clients[1 + i / WatchersOfAConnection].OpenAsync("etcdserverpb.Watch/Watch", create);
            await SkipMessageAsync(answers);
            open.Add(requests);
            watches.Add(answers);
        }

        var put = new PutRequest { Key = ByteString.CopyFrom(Watched), Value = ByteString.CopyFrom(new byte[options.ValueBytes]) };
        var result = await MeasureAsync(contender, options, [0], async _ =>
        {
            await writer.CallAsync("etcdserverpb.KV/Put", put, PutResponse.Parser);
            await Task.WhenAll(watches.Select(SkipMessageAsync));
            return Watchers;
        });
        open.ForEach(static requests => requests.End());
        return result;
    }

    /// <summary>Writes the keys that a list finds. Their values are text: a list in JSON escapes other bytes or has them as base64.</summary>
    public static async Task FillAsync(string url, int count)
    {
        using var client = new EtcdClient(url);
        var value = ByteString.CopyFromUtf8(new string('x', ListedValueBytes));
        foreach (var keys in Enumerable.Range(0, count).Chunk(100))
        {
            var txn = new TxnRequest();
            txn.Success.AddRange(keys.Select(key => new RequestOp
            {
                RequestPut = new PutRequest { Key = ByteString.CopyFromUtf8($"list/{key:D6}"), Value = value },
            }));
            await client.CallAsync("etcdserverpb.KV/Txn", txn, TxnResponse.Parser);
        }
    }

    /// <summary>All of them in one answer, from one client.</summary>
    public static async Task<WrkResult> ListAsync(Contender contender, BenchmarkOptions options)
    {
        using var client = new EtcdClient(contender.Url);
        var list = EtcdClient.Frame(new RangeRequest { Key = ByteString.CopyFromUtf8("list/"), RangeEnd = ByteString.CopyFromUtf8("list0") });
        return await MeasureAsync(contender, options, [0], async _ =>
            await client.CountAsync("etcdserverpb.KV/Range", list) > ListedKeys * ListedValueBytes
                ? 1
                : throw new BenchmarkException($"{contender.Name} lists less than it has"));
    }

    /// <summary>All parties go on at once until the time is up.</summary>
    /// <param name="act">Returns how many operations that was.</param>
    public static async Task<WrkResult> MeasureAsync<T>(
        Contender contender, BenchmarkOptions options, T[] parties, Func<T, Task<int>> act)
    {
        var latencies = new List<double>[parties.Length];
        var operations = 0L;
        var (began, cpu) = (Stopwatch.GetTimestamp(), contender.CpuTime);
        var end = TimeSpan.FromSeconds(options.Seconds);
        await Task.WhenAll(parties.Select((party, i) => Task.Run(async () =>
        {
            latencies[i] = [];
            while (Stopwatch.GetElapsedTime(began) < end)
            {
                var start = Stopwatch.GetTimestamp();
                Interlocked.Add(ref operations, await act(party));
                latencies[i].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        })));
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var used = (contender.CpuTime - cpu).TotalMicroseconds;
        var sorted = latencies.SelectMany(static each => each).Order().ToArray();
        return new WrkResult(operations / seconds, sorted[sorted.Length / 2], sorted[sorted.Length * 99 / 100], used / operations);
    }

    public static async Task SkipMessageAsync(Stream answers)
    {
        var head = new byte[EtcdClient.HeadBytes];
        await answers.ReadExactlyAsync(head);
        await answers.ReadExactlyAsync(new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1))]);
    }

    /// <summary>Connections to one contender.</summary>
    private sealed class Clients(Contender contender, int count) : IDisposable
    {
        private readonly EtcdClient[] _clients = [.. Enumerable.Range(0, count).Select(_ => new EtcdClient(contender.Url))];

        public EtcdClient this[int index] => _clients[index];

        public void Dispose()
        {
            foreach (var client in _clients)
            {
                client.Dispose();
            }
        }
    }
}
