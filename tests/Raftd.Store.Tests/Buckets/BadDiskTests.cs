using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Raftd.Store.Buckets;
using Raftd.Store.Lmdb;
using Raftd.Testing.Disks;

namespace Raftd.Store.Tests.Buckets;

/// <summary>Every system call that the state makes on its files fails once, by a real process that strace lies to: LMDB's own
/// calls too, which no seam reaches. What was committed is there afterwards, and each failure has its type.</summary>
public sealed partial class BadDiskTests : IDisposable
{
    private const int Commits = 3;

    // All that a disk can refuse. The calls that only ask (stat) and those on memory (mmap) are not the disk's.
    private const string Calls =
        "openat,mkdir,read,pread64,write,writev,pwrite64,pwritev,ftruncate,fallocate,fsync,fdatasync,rename,unlink,rmdir";

    private static readonly string[] Errors = ["error=EIO", "error=ENOSPC", "error=EROFS", "error=EDQUOT"];
    private static readonly string[] Writes = ["write", "writev", "pwrite64", "pwritev"];

    // Of no write here is this the length.
    private const string ShortWrite = "retval=7";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    [Trait("Speed", "Slow")]
    public async Task CallsOfTheState_EachFailingInEachWay_LoseNothing()
    {
        var sound = _directory.At("sound");
        var trace = await StateProbe.TraceAsync(sound, _directory.At("trace"), Commits, Calls);
        var calls = trace.Select(line => Call().Match(line)).Where(call => call.Success && call.Value.Contains(sound, StringComparison.Ordinal)).ToList();
        var paths = calls.SelectMany(call => Inside(sound).Matches(call.Value)).Select(path => path.Value[sound.Length..]).ToHashSet(StringComparer.Ordinal);
        var sites = calls.GroupBy(call => call.Groups["name"].Value, StringComparer.Ordinal)
            .SelectMany(group => group.Select((_, at) => (Call: group.Key, Number: at + 1)))
            .SelectMany(site => Errors.Concat(Writes.Contains(site.Call, StringComparer.Ordinal) ? [ShortWrite] : [])
                .Select(fault => (site.Call, site.Number, Fault: fault)))
            .ToList();

        var failures = 0;
        var wrong = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(sites, async (site, _) =>
        {
            var data = _directory.At($"{site.Call}-{site.Number}-{site.Fault}");
            var outcome = await StateProbe.FailAsync(data, paths.Select(path => data + path), Commits, site.Call, site.Number, site.Fault);
            Interlocked.Add(ref failures, outcome.ExitCode == 0 ? 0 : 1);
            if (FindWrong(data, outcome) is { } what)
            {
                wrong.Enqueue($"{site}: {what}: {outcome}");
            }
        });
        Assert.True(wrong.IsEmpty, string.Join('\n', wrong));
        Assert.True(failures > sites.Count / 2, $"only {failures} of {sites.Count} faults were noticed");
        TestContext.Current.TestOutputHelper!.WriteLine($"{calls.Count} calls, {sites.Count} faults, {failures} noticed");
    }

    /// <summary>Opened once more on a sound disk: the first state with all that was committed, or the second.</summary>
    /// <returns>Null if all is as it should be.</returns>
    private static string? FindWrong(string data, StateProbe.Outcome outcome)
    {
        if (outcome.ExitCode != 0 && (outcome.Failure.Length == 0 || outcome.Failure.Contains("Corrupt", StringComparison.Ordinal)))
        {
            return "an error without a type";
        }

        using var directory = StateDirectory.Open(data);
        using var reader = directory.Current.BeginRead();
        if (reader.TryGet(Bucket.Meta, [1], out _))
        {
            return null;
        }

        var lost = Enumerable.Range(0, outcome.Commits).Count(
            commit => !reader.TryGet(Bucket.Revisions, [(byte)commit], out var value) || value.Length != commit * 1000);
        return outcome.IsInstalled ? "the state installed is gone" : lost > 0 ? $"{lost} commits are gone" : null;
    }

    [GeneratedRegex(@"^\d+ +(?<name>\w+)\(.*", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Call();

    private static Regex Inside(string directory) => new($"{Regex.Escape(directory)}[^\">]*", RegexOptions.None, TimeSpan.FromSeconds(1));
}
