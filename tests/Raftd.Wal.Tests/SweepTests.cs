using Raftd.Testing;

namespace Raftd.Wal.Tests;

/// <summary>Every flipped bit and every cut of a log: refused, or a torn tail of records that were never proven synced.</summary>
public class SweepTests
{
    private static readonly WalOptions Options = Workload.SmallSegments;

    [Fact]
    public void Open_EveryBitFlipped_RefusesOrDropsOnlyTheLastBatch()
    {
        var (files, provenLast, model) = BuildLog();
        var outcomes = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in files.Keys)
        {
            for (var bit = 0; bit < files[name].Length * 8; bit++)
            {
                files[name][bit / 8] ^= (byte)(1 << (bit % 8));
                var outcome = Open(files, provenLast, model, $"{name} bit {bit}");
                outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
                files[name][bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }

        Assert.False(outcomes.ContainsKey("unnoticed"), string.Join(", ", outcomes));
        Assert.True(outcomes["refused"] > 0 && outcomes["torn"] > 0, string.Join(", ", outcomes));
    }

    [Fact]
    public void Open_CutAtEveryByte_Refuses()
    {
        var (files, provenLast, model) = BuildLog();
        foreach (var (name, whole) in files.ToArray())
        {
            for (var length = 0; length < whole.Length; length++)
            {
                files[name] = whole[..length];
                Assert.Equal("refused", Open(files, provenLast, model, $"{name} cut at {length}"));
            }

            files[name] = whole;
        }
    }

    /// <summary>Zeros from some byte on are what a power loss leaves of a preallocated segment.</summary>
    [Fact]
    public void Open_ZerosFromEveryByteOn_GivesAPrefix()
    {
        var (files, _, model) = BuildLog();
        var (name, whole) = (files.Keys.Last(), files.Values.Last());
        for (var length = whole.Length - 1; length >= 0; length--)
        {
            files[name] = new byte[whole.Length];
            whole.AsSpan(0, length).CopyTo(files[name]);
            Open(files, provenLast: 0, model, $"zeros from {length}");
        }
    }

    /// <summary>Two segments, three batches in the second: what two batches claimed is proven by the third.</summary>
    private static (SortedDictionary<string, byte[]> Files, ulong ProvenLast, LogModel Model) BuildLog()
    {
        var disk = new MemoryFileSystem();
        var work = new Workload(disk, Options, LogModel.Empty);
        work.Append(1, 1, 9, 370, withState: true);
        work.Sync();
        work.Append(1, 10, 5, 100);
        work.Sync();
        work.Append(2, 14, 5, 60, withState: true);
        work.Sync();
        work.Append(2, 19, 3, 200);
        work.Sync();
        work.Log.Dispose();
        Assert.Equal(2, disk.List(Workload.Directory).Count);

        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var name in disk.List(Workload.Directory))
        {
            files[$"{Workload.Directory}/{name}"] = disk.Get($"{Workload.Directory}/{name}");
        }

        return (files, ProvenLast: 18, work.Latest);
    }

    private static string Open(SortedDictionary<string, byte[]> content, ulong provenLast, LogModel model, string context)
    {
        var files = new MemoryFileSystem();
        files.CreateDirectory(Workload.Directory);
        foreach (var (name, bytes) in content)
        {
            files.Put(name, bytes);
        }

        try
        {
            using var log = WriteAheadLog.Open(files, Workload.Directory, Options);
            AssertPrefix(log, provenLast, model, context);
            return log.Recovery.Tail.Kind == TailKind.Torn ? "torn" : "unnoticed";
        }
        catch (Exception e) when (e is WalCorruptException or WalVersionException)
        {
            Assert.True(content.All(pair => files.Get(pair.Key).AsSpan().SequenceEqual(pair.Value)), $"{context}: changed");
            return "refused";
        }
    }

    private static void AssertPrefix(WriteAheadLog log, ulong provenLast, LogModel model, string context)
    {
        Assert.True(log.LastIndex >= provenLast && log.LastIndex <= model.LastIndex, $"{context}: ends at {log.LastIndex}");
        foreach (var entry in log.Read(1, log.LastIndex + 1, long.MaxValue))
        {
            // Entry 14 was written twice, so a prefix may end in its first version.
            var expected = model.Entries[entry.Index];
            var first = Workload.Entry(1, entry.Index, 100);
            Assert.True(
                entry.Data.Span.SequenceEqual(expected.Data.Span) || (entry.Index == 14 && entry.Data.Span.SequenceEqual(first.Data.Span)),
                $"{context}: entry {entry.Index} is wrong");
        }
    }
}
