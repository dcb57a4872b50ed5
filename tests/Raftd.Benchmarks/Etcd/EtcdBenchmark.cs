// raftd beside etcd, call by call, over etcd's own API, one member and three, all on the same cores. In the rows of REST
// raftd is asked by its own, and etcd by its JSON gateway.
//
// Both run at once and are asked in turn. Each row has fresh clusters: what one row has left behind (a key with a million
// revisions) would cost the next one something else in one product than in the other.

using System.Text;
using Google.Protobuf;
using Raftd.Api.Wire;

namespace Raftd.Benchmarks.Etcd;

internal static class EtcdBenchmark
{
    private const int PutsOfTxn = 10;
    private const double RateFloor = 1.3;
    private const double CpuFloor = 0.7;

    public static async Task RunAsync(BenchmarkOptions options)
    {
        H2Load.Require();
        Machine.RequireProgram("etcd", "etcd-server");
        foreach (var members in (int[])[1, 3])
        {
            Console.WriteLine($"{members} member(s), etcd and raftd in turn");
            foreach (var row in Rows(options).Where(row => row.Name.Contains(options.Row, StringComparison.Ordinal)))
            {
                await CompareAsync(options, members, row);
            }

            Console.WriteLine();
        }
    }

    private static Row[] Rows(BenchmarkOptions options)
    {
        var value = ByteString.CopyFrom(new byte[options.ValueBytes]);
        var put = PutOf("key", value);
        var range = new RangeRequest { Key = put.Key };
        var stale = new RangeRequest { Key = put.Key, Serializable = true };
        var txn = new TxnRequest();
        txn.Success.AddRange(Enumerable.Range(0, PutsOfTxn).Select(i => new RequestOp { RequestPut = PutOf($"txn/{i}", value) }));
        return
        [
            Unary("put", "etcdserverpb.KV/Put", put),
            Unary("range", "etcdserverpb.KV/Range", range) with { Prepare = contender => PutOnceAsync(contender, put) },
            Unary("range, serializable", "etcdserverpb.KV/Range", stale) with { Prepare = contender => PutOnceAsync(contender, put) },
            Unary($"txn of {PutsOfTxn} puts", "etcdserverpb.KV/Txn", txn),
            Json("put, JSON", "v3/kv/put", put),
            Json("range, JSON", "v3/kv/range", range) with { Prepare = contender => PutOnceAsync(contender, put) },
            new("keepalive", Streams.KeepAliveAsync),
            new("watch, events to 1 000", Streams.FanOutAsync),
            new("list of 100 000", Streams.ListAsync) { Prepare = static contender => Streams.FillAsync(contender.Url, Streams.ListedKeys) },
            new("REST, list of 10 000", RestStreams.ListAsync)
            {
                Prepare = static contender => Streams.FillAsync(contender.Url, RestStreams.ListedKeys),
                Check = RestStreams.CheckListAsync,
            },
            new("REST, events to 100", RestStreams.FanOutAsync),
        ];

        Row Json(string name, string path, IMessage request)
        {
            var text = Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(request));
            return new Row(name, (contender, _) => H2Load.RunJsonAsync(contender, path, text, options));
        }

        Row Unary(string name, string method, IMessage request)
        {
            var frame = EtcdClient.Frame(request);
            return new Row(name, (contender, _) => H2Load.RunAsync(contender, method, frame, options))
            {
                // h2load takes a failure of gRPC for success.
                Check = async contender =>
                {
                    using var client = new EtcdClient(contender.Url);
                    await client.CountAsync(method, frame);
                },
            };
        }
    }

    private static async Task CompareAsync(BenchmarkOptions options, int members, Row row)
    {
        using var etcd = await Contender.StartEtcdAsync(options, members);
        using var raftd = await Contender.StartRaftdAsync(options, members);
        var results = new Dictionary<Contender, List<WrkResult>> { [etcd] = [], [raftd] = [] };
        foreach (var contender in results.Keys)
        {
            await row.Prepare(contender);
            await row.Check(contender);
            await row.Run(contender, options); // the first round warms up
        }

        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var (contender, rounds) in results)
            {
                rounds.Add(await row.Run(contender, options));
                Console.WriteLine($"{round}  {row.Name,-23} {contender.Name,-5} {rounds[^1]}   load {Machine.LoadAverage}");
            }
        }

        await row.Check(raftd);
        var (theirs, ours) = (WrkResult.Median(results[etcd]), WrkResult.Median(results[raftd]));
        var (rate, cpu) = (ours.PerSecond / theirs.PerSecond, ours.CpuMicroseconds / theirs.CpuMicroseconds);
        Console.WriteLine($"   {row.Name,-23} etcd  {theirs}   median");
        Console.WriteLine($"   {row.Name,-23} raftd {ours}   median");
        Console.WriteLine(
            $"floor  {row.Name,-23} rate {rate:0.00} of etcd's (at least {RateFloor:0.0}: {Holds(rate >= RateFloor)}), "
            + $"CPU {cpu:0.00} (at most {CpuFloor:0.0}: {Holds(cpu <= CpuFloor)})");
    }

    private static PutRequest PutOf(string key, ByteString value) => new() { Key = ByteString.CopyFromUtf8(key), Value = value };

    private static async Task PutOnceAsync(Contender contender, PutRequest put)
    {
        using var client = new EtcdClient(contender.Url);
        await client.CallAsync("etcdserverpb.KV/Put", put, PutResponse.Parser);
    }

    private static string Holds(bool holds) => holds ? "holds" : "MISSED";

    /// <summary>What is measured.</summary>
    private sealed record Row(string Name, Func<Contender, BenchmarkOptions, Task<WrkResult>> Run)
    {
        public Func<Contender, Task> Prepare { get; init; } = static _ => Task.CompletedTask;

        /// <summary>Throws where the contender does not answer with success.</summary>
        public Func<Contender, Task> Check { get; init; } = static _ => Task.CompletedTask;
    }
}
