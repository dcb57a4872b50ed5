// What clients that take much and give little cost the others, and the member.

using Raftd.Benchmarks.Leases;

namespace Raftd.Benchmarks.Greedy;

internal static class GreedyBenchmark
{
    private const int Senders = 64;
    private const int AnnouncedBytes = 32 << 20;
    private const int SentBytesPerSecond = 1024;
    private const int KeepAlivesPerSecond = 1000;
    private const int MemoryFloorMegabytes = 600;
    private const int LeaseTtl = 3600;
    private const int Readers = 20;
    private const int ReadBytesPerSecond = 128 * 1024;

    private static readonly TimeSpan SendTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ReadTime = TimeSpan.FromSeconds(20);

    public static async Task RunAsync(BenchmarkOptions options)
    {
        await SendAsync(options);
        await ReadAsync(options);
        Console.WriteLine();
    }

    private static async Task SendAsync(BenchmarkOptions options)
    {
        using var member = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "greedy"), options.Port + 9);
        using var fleet = new LeaseFleet();
        await fleet.GrantAsync(member.Url, "/greedy", KeepAlivesPerSecond, LeaseTtl);
        using var renewals = new KeepAlives(member.Url, fleet.Ids);
        await renewals.RunAsync(KeepAlivesPerSecond, TimeSpan.FromSeconds(5));
        Console.WriteLine($"keepalives alone         {renewals.Take()}");

        using var stop = new CancellationTokenSource();
        using var memory = new MemoryWatch(member);
        var senders = Enumerable.Range(0, Senders)
            .Select(i => SlowConnection.SendAsync(member.Url, $"/key/greedy/{i}", AnnouncedBytes, SentBytesPerSecond, stop.Token))
            .ToArray();
        await renewals.RunAsync(KeepAlivesPerSecond, SendTime);
        await stop.CancelAsync();
        var ended = (await Task.WhenAll(senders)).Sum();
        var result = renewals.Take();
        Console.WriteLine($"beside {Senders} slow senders   {result}");
        Console.WriteLine(
            $"{Senders} connections that announce {AnnouncedBytes >> 20} MiB and send {SentBytesPerSecond} bytes a second for "
            + $"{SendTime.TotalSeconds} s: {ended} of them were ended by the member and came again, "
            + $"{result.Refused} keepalives refused (none: {Holds(result.Refused == 0)}), at most {memory.MaxMegabytes:0} MB resident "
            + $"(under {MemoryFloorMegabytes} MB: {Holds(memory.MaxMegabytes < MemoryFloorMegabytes)})   load {Machine.LoadAverage}");
    }

    private static async Task ReadAsync(BenchmarkOptions options)
    {
        var directory = Suite.Fresh(options, "slow-readers");
        using (var before = await ServerProcess.StartMemberAsync(directory, options.Port + 9))
        using (var client = new HttpClient())
        using (var stored = await client.PutAsync(new Uri(before.Url + "/key/large"), new ByteArrayContent(new byte[AnnouncedBytes])))
        {
            stored.EnsureSuccessStatusCode();
        }

        // Started with the value on its disk: what storing it took is not counted here.
        using var member = await ServerProcess.StartMemberAsync(directory, options.Port + 9);
        var resident = member.MemoryMegabytes("VmRSS");
        using var memory = new MemoryWatch(member);
        using var stop = new CancellationTokenSource(ReadTime);
        var cpu = member.CpuTime;
        var ended = (await Task.WhenAll(Enumerable.Range(0, Readers)
            .Select(_ => SlowConnection.ReadAsync(member.Url, "/key/large", ReadBytesPerSecond, stop.Token)))).Sum();
        Console.WriteLine(
            $"{Readers} readers of one value of {AnnouncedBytes >> 20} MiB, {ReadBytesPerSecond >> 10} KiB a second each: {resident:0} MB resident before, "
            + $"at most {memory.MaxMegabytes:0} MB meanwhile; {ended} cut off, "
            + $"{(member.CpuTime - cpu).TotalMilliseconds:0} ms CPU   load {Machine.LoadAverage}");
    }

    private static string Holds(bool holds) => holds ? "holds" : "MISSED";
}
