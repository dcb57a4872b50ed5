// A backup of a large state while PUTs go on as fast as they are answered: how long it takes, and what it costs them.

using System.Diagnostics;
using System.Globalization;

namespace Raftd.Benchmarks.Backups;

internal static class BackupBenchmark
{
    private const int ValueBytes = 8 << 10;
    private const int Values = 128 << 10; // 1 GiB of them
    private const int Writers = 16;

    /// <summary>So many times as long as without them, so that a whole one fits in.</summary>
    private const int BesideBackups = 3;

    /// <summary>On the disk meanwhile: the log, the state, and the copy that is sent; the rest is the machine's own.</summary>
    private const int RoomForEachByte = 5;

    public static async Task RunAsync(BenchmarkOptions options, Wrk wrk)
    {
        using var member = await ServerProcess.StartMemberAsync(Suite.Fresh(options, "backup"), options.Port + 9);
        using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(10) };
        var room = new DriveInfo(options.DataDirectory).AvailableFreeSpace / RoomForEachByte / ValueBytes;
        var values = (int)Math.Min(Values, room);
        await FillAsync(http, member, values);
        Console.WriteLine(
            $"{values:N0} values of {ValueBytes >> 10} KiB, {(long)values * ValueBytes >> 20:N0} MiB"
            + (values < Values ? ": the disk has no room for 1 GiB of them" : ""));
        await wrk.RunAsync(member, "PUT"); // warms up
        List<WrkResult> before = [], beside = [];
        List<Backup> backups = [];
        for (var round = 1; round <= options.Rounds; round++)
        {
            before.Add(await wrk.RunAsync(member, "PUT"));
            var puts = wrk.RunAsync(member, "PUT", seconds: BesideBackups * options.Seconds);
            List<Backup> whole = [await BackUpAsync(http, member)];
            while (!puts.IsCompleted)
            {
                whole.Add(await BackUpAsync(http, member));
            }

            beside.Add(await puts);
            backups.Add(whole[0]); // PUTs may have ended before the last one
            Console.WriteLine($"{round}  PUT before         {before[^1]}   load {Machine.LoadAverage}");
            Console.WriteLine($"{round}  beside backups     {beside[^1]}");
            Console.WriteLine($"{round}  the first of {whole.Count}     {backups[^1]}");
        }

        Console.WriteLine($"   PUT before         {WrkResult.Median(before)}   median");
        Console.WriteLine($"   beside backups     {WrkResult.Median(beside)}   median");
        Console.WriteLine($"   a backup           {Backup.Median(backups)}   median   load {Machine.LoadAverage}");
        Console.WriteLine();
    }

    private static Task FillAsync(HttpClient http, ServerProcess member, int values) => Parallel.ForEachAsync(
        Enumerable.Range(0, values), new ParallelOptions { MaxDegreeOfParallelism = Writers }, async (number, stop) =>
        {
            var value = new byte[ValueBytes];
            new Random(number).NextBytes(value);
            using var body = new ByteArrayContent(value);
            using var answer = await http.PutAsync(
                new Uri(string.Create(CultureInfo.InvariantCulture, $"{member.Url}/key/backup/{number}")), body, stop);
            answer.EnsureSuccessStatusCode();
        });

    private static async Task<Backup> BackUpAsync(HttpClient http, ServerProcess member)
    {
        var started = Stopwatch.GetTimestamp();
        using var answer = await http.GetAsync(new Uri(member.Url + "/snapshot"), HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        var firstByte = Stopwatch.GetElapsedTime(started);
        await answer.Content.CopyToAsync(Stream.Null);
        return new Backup(
            answer.Content.Headers.ContentLength!.Value / 1e6, firstByte.TotalSeconds, Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    /// <param name="Megabytes">Of the file.</param>
    /// <param name="FirstByteSeconds">Until the member had a copy to send.</param>
    /// <param name="Seconds">In all.</param>
    private readonly record struct Backup(double Megabytes, double FirstByteSeconds, double Seconds)
    {
        public static Backup Median(IReadOnlyCollection<Backup> backups) => new(
            Statistics.Median(backups.Select(static backup => backup.Megabytes)),
            Statistics.Median(backups.Select(static backup => backup.FirstByteSeconds)),
            Statistics.Median(backups.Select(static backup => backup.Seconds)));

        public override string ToString() =>
            $"{Megabytes:N0} MB in {Seconds:0.0} s, {Megabytes / Seconds:N0} MB/s; its first byte after {FirstByteSeconds:0.0} s";
    }
}
