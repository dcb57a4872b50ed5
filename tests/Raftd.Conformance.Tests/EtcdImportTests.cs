using System.Diagnostics;
using System.Text;
using Google.Protobuf;
using Raftd.Api.Wire;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;
using Raftd.Testing.Processes;

namespace Raftd.Conformance.Tests;

/// <summary><c>raftd import --from-etcd</c>, from the distribution's etcd; what came is read and compared by the test itself.</summary>
public sealed class EtcdImportTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int ManyKeys = 100_000;
    private const int KeysOfTxn = 100;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private static readonly ByteString First = ByteString.CopyFrom(0);

    private readonly Scene _scene = new();
    private int _runs;

    public ValueTask InitializeAsync()
    {
        Assert.SkipUnless(EtcdServer.IsInstalled, "etcd is not installed: apt-get install etcd-server etcd-client");
        return Build.EnsureAsync();
    }

    public ValueTask DisposeAsync() => _scene.DisposeAsync();

    /// <summary>100 000 keys, of which some have leases; the import is killed in the middle, and given again.</summary>
    [Fact]
    public async Task Import_KilledInTheMiddle_GoesOn_AndEachKeyIsThere()
    {
        var etcd = await EtcdServer.StartAsync(_scene);
        var raftd = (await TestCluster.StartAsync(_scene, 1))[0];
        using var source = new GrpcPeer(etcd.Address);
        using var target = new GrpcPeer(raftd.Address);
        await FillAsync(source, ManyKeys);
        var leases = new List<long>();
        for (var number = 0; number < 20; number++)
        {
            leases.Add(await GrantAsync(source, 600 + number));
            await PutAsync(source, $"leased/{number}/a", leases[number]);
            await PutAsync(source, $"leased/{number}/b", leases[number]);
        }

        var first = Import(etcd.Address, raftd.Address);
        await Until.TrueAsync("a tenth is copied", Limit, async () => await CountAsync(target) > ManyKeys / 10);
        Signals.Send(first.Process.Id, Signal.Kill);
        await first.Process.WaitForExitAsync();
        var copied = await CountAsync(target);
        Assert.InRange(copied, ManyKeys / 10, ManyKeys - 1);

        var before = await TimesAsync(source, leases);
        var began = Stopwatch.GetTimestamp();
        var said = await SucceedAsync(Import(etcd.Address, raftd.Address));
        output.WriteLine($"went on at {copied} keys, done after {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s\n{said}");
        Assert.Contains("goes on from", said, StringComparison.Ordinal);
        Assert.Contains(": 0 differences", said, StringComparison.Ordinal);
        Assert.Equal(ManyKeys + 40, await SameAsync(source, target));
        await SameTimesAsync(before, leases, source, target);

        Assert.Contains("the target has 100040 keys already", await FailAsync(Import(etcd.Address, raftd.Address)), StringComparison.Ordinal);
        await PutAsync(target, "leased/0/a", 0);
        await PutAsync(target, "other", 0);
        var differs = await FailAsync(Import(etcd.Address, raftd.Address, "-compare-only"));
        Assert.Contains("differs: 'leased/0/a' has the lease", differs, StringComparison.Ordinal);
        Assert.Contains("differs: 'other' is at the target alone", differs, StringComparison.Ordinal);
        Assert.Contains("the target differs from the source in 2 keys", differs, StringComparison.Ordinal);
    }

    /// <summary>Until the switch the target has no lease; then one has what is left at the source, one has gone with its key.</summary>
    [Fact]
    public async Task Follow_UntilTheSwitch_HasEachChange_AndLeasesBeginToCountThen()
    {
        var etcd = await EtcdServer.StartAsync(_scene);
        var raftd = (await TestCluster.StartAsync(_scene, 1))[0];
        using var source = new GrpcPeer(etcd.Address);
        using var target = new GrpcPeer(raftd.Address);
        await FillAsync(source, 1000);
        var (stays, revoked, ends) = (await GrantAsync(source, 600), await GrantAsync(source, 600), await GrantAsync(source, 3));
        await PutAsync(source, "stays", stays);
        await PutAsync(source, "revoked", revoked);
        await PutAsync(source, "ends", ends);
        await PutLargeAsync(source, "large/copied", seed: 1);

        var import = Import(etcd.Address, raftd.Address, "-follow");
        await Until.TrueAsync("it follows", Limit, () => Task.FromResult(import.Said.Contains("follows from", StringComparison.Ordinal)));
        Assert.Empty(((LeaseLeasesResponse)await CallAsync(target, "Lease/LeaseLeases", new LeaseLeasesRequest(), LeaseLeasesResponse.Parser)).Leases);
        var random = new Random(1);
        for (var round = 0; round < 200; round++)
        {
            var txn = new TxnRequest();
            foreach (var key in Enumerable.Range(0, 1000).OrderBy(_ => random.Next()).Take(random.Next(1, 10)))
            {
                txn.Success.Add(random.Next(3) == 0
                    ? new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = KeyOf(key) } }
                    : new RequestOp { RequestPut = new PutRequest { Key = KeyOf(key), Value = ByteString.CopyFromUtf8($"round {round}") } });
            }

            await CallAsync(source, "KV/Txn", txn, TxnResponse.Parser);
        }

        await PutLargeAsync(source, "large/followed", seed: 2);
        var pair = new TxnRequest();
        pair.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = ByteString.CopyFromUtf8("pair/1"), Lease = stays } });
        pair.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = ByteString.CopyFromUtf8("pair/2") } });
        await CallAsync(source, "KV/Txn", pair, TxnResponse.Parser);
        await CallAsync(source, "Lease/LeaseRevoke", new LeaseRevokeRequest { ID = revoked }, LeaseRevokeResponse.Parser);
        await Until.TrueAsync("the short lease has ended at the source", Limit, async () => (await FindAsync(source, "ends")) is null);
        await Until.TrueAsync("its end is followed", Limit, async () => (await FindAsync(target, "ends")) is null);
        Assert.Equal((await FindAsync(target, "pair/1"))!.ModRevision, (await FindAsync(target, "pair/2"))!.ModRevision);

        var before = await TimesAsync(source, [stays]);
        await PutAsync(source, "last", 0);
        Signals.Send(import.Process.Id, Signal.Terminate);
        var said = await SucceedAsync(import);
        output.WriteLine(said);
        Assert.Contains(": 0 differences", said, StringComparison.Ordinal);
        Assert.NotNull(await FindAsync(target, "last"));
        await SameAsync(source, target);
        await SameTimesAsync(before, [stays], source, target);
    }

    /// <summary>What was followed is compacted before it came: the import begins anew, and deletes what the source has not any more.</summary>
    [Fact]
    public async Task SourceCompacted_WhileNothingFollowed_IsCopiedAnew()
    {
        var etcd = await EtcdServer.StartAsync(_scene);
        var raftd = (await TestCluster.StartAsync(_scene, 1))[0];
        using var source = new GrpcPeer(etcd.Address);
        using var target = new GrpcPeer(raftd.Address);
        await FillAsync(source, 1000);
        var import = Import(etcd.Address, raftd.Address, "-follow");
        await Until.TrueAsync("it follows", Limit, () => Task.FromResult(import.Said.Contains("follows from", StringComparison.Ordinal)));
        Signals.Send(import.Process.Id, Signal.Kill);
        await import.Process.WaitForExitAsync();

        await CallAsync(source, "KV/DeleteRange", new DeleteRangeRequest { Key = KeyOf(100), RangeEnd = KeyOf(300) }, DeleteRangeResponse.Parser);
        await PutAsync(source, "new", await GrantAsync(source, 600));
        var head = await HeadAsync(source);
        await CallAsync(source, "KV/Compact", new CompactionRequest { Revision = head.Header.Revision }, CompactionResponse.Parser);
        var said = await SucceedAsync(Import(etcd.Address, raftd.Address));
        Assert.Contains("begins anew with source revision", said, StringComparison.Ordinal);
        Assert.Equal(801, await SameAsync(source, target));
    }

    [Fact]
    public async Task LeaderOfTheTarget_KilledDuringTheImport_CostsNoKey()
    {
        var etcd = await EtcdServer.StartAsync(_scene);
        var cluster = await TestCluster.StartAsync(_scene, 3);
        using var source = new GrpcPeer(etcd.Address);
        var follower = await cluster.FollowerAsync();
        using var target = new GrpcPeer(follower.Address);
        await FillAsync(source, 30_000);
        var leader = await cluster.LeaderAsync();
        var all = string.Join(",http://", cluster.Members.OrderBy(member => member == leader ? 0 : 1).Select(static member => member.Address));
        var import = Import(etcd.Address, all);
        await Until.TrueAsync("some keys are copied", Limit, async () => await CountAsync(target) > 1000);
        await leader.KillAsync();
        output.WriteLine(await SucceedAsync(import));
        Assert.Equal(30_000, await SameAsync(source, target));
    }

    [Fact]
    public async Task Source_WithTlsAndUsers_NeedsACertificateAndAPassword()
    {
        var folder = _scene.PathOf("certificates");
        await ShellAsync($"{Checkout.Launcher} cert -out {folder} -name server 127.0.0.1 && {Checkout.Launcher} cert -out {folder} -name client 127.0.0.1");
        var etcd = EtcdServer.StartSecured(_scene, folder);
        var raftd = (await TestCluster.StartAsync(_scene, 1))[0];
        var etcdctl = $"ETCDCTL_API=3 etcdctl --endpoints https://{etcd.Address} --cacert {folder}/ca.crt --cert {folder}/client.crt --key {folder}/client.key";
        await Until.TrueAsync("etcd answers", Limit, async () => (await _scene.ShellAsync($"{etcdctl} put app/a 1")).Code == 0);
        await ShellAsync($"{etcdctl} put app/b 2 && {etcdctl} put other 3 && {etcdctl} user add root:secret && {etcdctl} auth enable");

        var tls = $"-source-cacert {folder}/ca.crt -source-cert {folder}/client.crt -source-key {folder}/client.key -prefix app/";
        var url = $"https://{etcd.Address}";
        Assert.Contains("a server refused:", await FailAsync(ImportFrom(url, raftd.Address, tls)), StringComparison.Ordinal);
        await File.WriteAllTextAsync(_scene.PathOf("password"), "wrong\n");
        var login = $"{tls} -source-user root -source-password-file {_scene.PathOf("password")}";
        var refused = await FailAsync(ImportFrom(url, raftd.Address, login));
        Assert.Contains("authentication failed", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", refused, StringComparison.Ordinal);

        await File.WriteAllTextAsync(_scene.PathOf("password"), "secret\n");
        Assert.Contains("compared 2 keys", await SucceedAsync(ImportFrom(url, raftd.Address, login)), StringComparison.Ordinal);
        using var target = new GrpcPeer(raftd.Address);
        Assert.Equal("1", (await FindAsync(target, "app/a"))!.Value.ToStringUtf8());
        Assert.Equal("2", (await FindAsync(target, "app/b"))!.Value.ToStringUtf8());
        Assert.Null(await FindAsync(target, "other"));
    }

    private static ByteString KeyOf(int number) => ByteString.CopyFromUtf8($"key/{number:000000}");

    /// <summary>Values of up to 200 bytes, any of them.</summary>
    private static async Task FillAsync(GrpcPeer source, int keys)
    {
        await Parallel.ForAsync(0, keys / KeysOfTxn, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (part, _) =>
        {
            var random = new Random(part);
            var txn = new TxnRequest();
            for (var number = part * KeysOfTxn; number < (part + 1) * KeysOfTxn; number++)
            {
                var value = new byte[random.Next(200)];
                random.NextBytes(value);
                txn.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = KeyOf(number), Value = ByteString.CopyFrom(value) } });
            }

            await CallAsync(source, "KV/Txn", txn, TxnResponse.Parser);
        });
    }

    private static async Task<IMessage> CallAsync(GrpcPeer peer, string method, IMessage request, MessageParser answers)
    {
        var answer = await peer.CallAsync($"/etcdserverpb.{method}", request, answers);
        Assert.True(answer.Response is not null, $"{method}: {answer.Message}");
        return answer.Response;
    }

    private static async Task PutAsync(GrpcPeer peer, string key, long lease) => await CallAsync(
        peer, "KV/Put", new PutRequest { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFromUtf8($"of {key}"), Lease = lease }, PutResponse.Parser);

    /// <summary>Larger than a batch of the import, and nearly as large as etcd takes.</summary>
    private static async Task PutLargeAsync(GrpcPeer peer, string key, int seed)
    {
        var value = new byte[1_400_000];
        new Random(seed).NextBytes(value);
        await CallAsync(
            peer, "KV/Put", new PutRequest { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFrom(value) }, PutResponse.Parser);
    }

    private static async Task<long> GrantAsync(GrpcPeer peer, long seconds) =>
        ((LeaseGrantResponse)await CallAsync(peer, "Lease/LeaseGrant", new LeaseGrantRequest { TTL = seconds }, LeaseGrantResponse.Parser)).ID;

    private static async Task<KeyValue?> FindAsync(GrpcPeer peer, string key) => ((RangeResponse)await CallAsync(
        peer, "KV/Range", new RangeRequest { Key = ByteString.CopyFromUtf8(key) }, RangeResponse.Parser)).Kvs.SingleOrDefault();

    private static async Task<RangeResponse> HeadAsync(GrpcPeer peer) => (RangeResponse)await CallAsync(
        peer, "KV/Range", new RangeRequest { Key = First, RangeEnd = First, CountOnly = true }, RangeResponse.Parser);

    private static async Task<long> CountAsync(GrpcPeer peer) => (await HeadAsync(peer)).Count;

    private static async Task<List<LeaseTimeToLiveResponse>> TimesAsync(GrpcPeer peer, List<long> leases)
    {
        var times = new List<LeaseTimeToLiveResponse>();
        foreach (var lease in leases)
        {
            times.Add((LeaseTimeToLiveResponse)await CallAsync(
                peer, "Lease/LeaseTimeToLive", new LeaseTimeToLiveRequest { ID = lease, Keys = true }, LeaseTimeToLiveResponse.Parser));
        }

        return times;
    }

    /// <summary>The times at the target lie between what was left at the source before the import, and what is left there now; seconds
    /// are told rounded down there, and up here.</summary>
    private static async Task SameTimesAsync(List<LeaseTimeToLiveResponse> before, List<long> leases, GrpcPeer source, GrpcPeer target)
    {
        var now = await TimesAsync(target, leases);
        var after = await TimesAsync(source, leases);
        for (var at = 0; at < leases.Count; at++)
        {
            Assert.InRange(now[at].TTL, after[at].TTL, before[at].TTL + 1);
            Assert.Equal(after[at].Keys.Select(static key => key.ToBase64()).Order(StringComparer.Ordinal), now[at].Keys.Select(static key => key.ToBase64()).Order(StringComparer.Ordinal));
        }
    }

    /// <summary>Each key of one is in the other, with its value and its lease.</summary>
    /// <returns>How many there are.</returns>
    private static async Task<int> SameAsync(GrpcPeer source, GrpcPeer target)
    {
        var (there, here) = (await AllAsync(source), await AllAsync(target));
        foreach (var (expected, actual) in there.Zip(here))
        {
            Assert.Equal(
                (expected.Key, expected.Value, expected.Lease), (actual.Key, actual.Value, actual.Lease));
        }

        Assert.Equal(there.Count, here.Count);
        return here.Count;
    }

    private static async Task<List<KeyValue>> AllAsync(GrpcPeer peer)
    {
        var all = new List<KeyValue>();
        for (var from = First; ;)
        {
            var page = (RangeResponse)await CallAsync(
                peer, "KV/Range", new RangeRequest { Key = from, RangeEnd = First, Limit = 5000 }, RangeResponse.Parser);
            all.AddRange(page.Kvs);
            if (!page.More)
            {
                return all;
            }

            from = ByteString.CopyFrom([.. page.Kvs[^1].Key.Span, 0]);
        }
    }

    private Running Import(string from, string to, string flags = "") => ImportFrom($"http://{from}", to, flags);

    private Running ImportFrom(string from, string to, string flags)
    {
        var log = _scene.PathOf($"import{++_runs}.log");
        string[] words =
        [
            Checkout.Launcher, "import", "--from-etcd", from, "-endpoint", $"http://{to}",
            .. flags.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            .. flags.Contains("-compare-only", StringComparison.Ordinal) ? Array.Empty<string>() : ["-state", _scene.PathOf("state.json")],
        ];
        return new Running(_scene.StartLogged(log, words), log);
    }

    private static async Task<string> SucceedAsync(Running run)
    {
        Assert.True(await run.EndAsync(Limit) == 0, run.Said);
        return run.Said;
    }

    private static async Task<string> FailAsync(Running run)
    {
        Assert.Equal(1, await run.EndAsync(Limit));
        return run.Said;
    }

    private async Task ShellAsync(string script)
    {
        var said = await _scene.ShellAsync(script);
        Assert.True(said.Code == 0, $"{script}: {Encoding.UTF8.GetString(said.Bytes)} {said.Error}");
    }

    /// <summary>An import in a process of its own.</summary>
    private sealed record Running(Process Process, string Log)
    {
        public string Said
        {
            get
            {
                using var file = new FileStream(Log, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite);
                using var reader = new StreamReader(file, Encoding.UTF8);
                return reader.ReadToEnd();
            }
        }

        public async Task<int> EndAsync(TimeSpan limit)
        {
            using var timer = new CancellationTokenSource(limit);
            await Process.WaitForExitAsync(timer.Token);
            return Process.ExitCode;
        }
    }
}
