using System.Text.RegularExpressions;
using Raftd.Testing.Disks;

namespace Raftd.Store.Tests.Buckets;

/// <summary>What reaches the disk before what, seen from outside the process: a power loss between any two of these calls
/// leaves a state that is whole (failures 29 and 38 of docs/failures.md).</summary>
public sealed partial class SyncOrderTests : IDisposable
{
    private const int Commits = 20;
    private const string Calls = "openat,write,writev,pwrite64,fsync,fdatasync,rename,renameat,renameat2";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>A meta page names pages of its commit, so these are synced before it is written; and it is written through
    /// a descriptor of its own that syncs with each write.</summary>
    [Fact]
    public async Task Commit_UnderStrace_SyncsItsPagesBeforeTheMetaPageThatNamesThem()
    {
        var synchronous = new HashSet<string>(StringComparer.Ordinal);
        var hasUnsynced = new HashSet<string>(StringComparer.Ordinal);
        var commits = 0;
        foreach (var call in await TraceAsync())
        {
            if (OpenedDataFile().Match(call) is { Success: true } opened)
            {
                var isSynchronous = opened.Groups["flags"].Value.Contains("O_DSYNC", StringComparison.Ordinal);
                _ = isSynchronous ? synchronous.Add(opened.Groups["file"].Value) : synchronous.Remove(opened.Groups["file"].Value);
            }
            else if (CallOnDataFile().Match(call) is { Success: true } used)
            {
                var (name, file, path) = (used.Groups["call"].Value, used.Groups["file"].Value, used.Groups["path"].Value);
                if (name.Contains("sync", StringComparison.Ordinal))
                {
                    hasUnsynced.Remove(path);
                }
                else if (synchronous.Contains(file))
                {
                    Assert.False(hasUnsynced.Contains(path), $"a meta page before its pages: {call}");
                    commits++;
                }
                else
                {
                    hasUnsynced.Add(path);
                }
            }
        }

        Assert.InRange(commits, Commits + 2, int.MaxValue);
        Assert.Empty(hasUnsynced);
    }

    /// <summary>The file and its name are durable before the rename, the rename before anything goes on.</summary>
    [Fact]
    public async Task Install_UnderStrace_SyncsTheNewStateBeforeItsRenameAndBothDirectoriesBehindIt()
    {
        var calls = (await TraceAsync())
            .Select(call => Renamed().Match(call) is { Success: true } renamed
                ? "rename " + renamed.Groups["to"].Value
                : Synced().Match(call) is { Success: true } synced ? "sync " + synced.Groups["path"].Value : "")
            .Where(call => call.Length > 0)
            .ToList();
        var renames = calls.Select((call, at) => (call, at)).Where(pair => pair.call == "rename state/data.mdb").Select(pair => pair.at).ToList();

        // That of the first start, of an empty state, and that of the state installed over it.
        Assert.Equal(2, renames.Count);
        Assert.All(renames, at =>
        {
            Assert.Equal(["sync state.installing/data.mdb", "sync state.installing"], calls[(at - 2)..at]);
            Assert.Equal(["sync state", "sync state.installing"], calls[(at + 1)..(at + 3)]);
        });
    }

    private Task<string[]> TraceAsync() => StateProbe.TraceAsync(_directory.At("data"), _directory.At("trace"), Commits, Calls);

    [GeneratedRegex(@"openat\(.*data\.mdb"", (?<flags>[A-Z_|]+).* = (?<file>\d+)<", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OpenedDataFile();

    [GeneratedRegex(@"(?<call>write|writev|pwrite64|fsync|fdatasync)\((?<file>\d+)<(?<path>[^>]*data\.mdb)>", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CallOnDataFile();

    [GeneratedRegex(@"rename.*/data/state\.installing/data\.mdb"".*/data/(?<to>[^""]*)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Renamed();

    [GeneratedRegex(@"fsync\(\d+<[^>]*/data/(?<path>[^>]*)>", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Synced();
}
