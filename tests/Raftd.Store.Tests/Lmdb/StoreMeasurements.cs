using System.Buffers;
using System.Diagnostics;
using Raftd.State.Commands;
using Raftd.Store.Buckets;
using Raftd.Store.Lmdb;
using Raftd.Store.Snapshots;
using Raftd.Store.Tests.Snapshots;
using Raftd.Testing.Disks;

namespace Raftd.Store.Tests.Lmdb;

/// <summary>
/// The figures of docs/lmdb.md. Run by hand, on a real disk:
/// <c>dotnet run -c Release --project tests/Raftd.Store.Tests -- -explicit only -showLiveOutput</c>.
/// </summary>
public sealed class StoreMeasurements(ITestOutputHelper output) : IDisposable
{
    private const int Pairs = 100_000;
    private const int ValueBytes = 256;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact(Explicit = true)]
    public void Measurements_WhenAskedFor_ArePrinted()
    {
        using var store = LmdbBucketStore.Open(_directory.At("state"));
        Fill(store);
        MeasureReads(store);
        MeasureCommits(store, putsPerCommit: 1, commits: 2000);
        MeasureCommits(store, putsPerCommit: 100, commits: 1000);
        MeasureSnapshot(store);
    }

    private static byte[] Key(int number) =>
        [(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number, 0, 0, 0, 0];

    private static void Fill(LmdbBucketStore store)
    {
        for (var i = 0; i < Pairs; i += 1000)
        {
            store.Write(writer =>
            {
                for (var j = i; j < i + 1000; j++)
                {
                    writer.Put(Bucket.Revisions, Key(j), new byte[ValueBytes]);
                }
            });
        }
    }

    private void MeasureReads(LmdbBucketStore store)
    {
        const int Reads = 1_000_000;
        var keys = Enumerable.Range(0, 4096).Select(static i => Key((int)((uint)i * 2654435761 % Pairs))).ToArray();
        for (var warm = 0; warm < 3; warm++)
        {
            var start = ProcessorTime();
            for (var i = 0; i < Reads; i++)
            {
                using var reader = store.BeginRead();
                reader.TryGet(Bucket.Revisions, keys[i & 4095], out _);
            }

            Say("point read, reader begun and ended", start, Reads);
            start = ProcessorTime();
            using (var reader = store.BeginRead())
            {
                for (var i = 0; i < Reads; i++)
                {
                    reader.TryGet(Bucket.Revisions, keys[i & 4095], out _);
                }
            }

            Say("point read, reader open", start, Reads);
            start = ProcessorTime();
            using (var reader = store.BeginRead())
            using (var cursor = reader.OpenCursor(Bucket.Revisions))
            {
                for (var more = cursor.Seek(default); more; more = cursor.MoveNext())
                {
                }
            }

            Say("cursor step", start, Pairs);
        }
    }

    private void MeasureCommits(LmdbBucketStore store, int putsPerCommit, int commits)
    {
        var next = Pairs;
        var times = new List<double>();
        for (var i = 0; i < commits; i++)
        {
            var start = Stopwatch.GetTimestamp();
            store.Write(writer =>
            {
                for (var j = 0; j < putsPerCommit; j++)
                {
                    writer.Put(Bucket.Revisions, Key(next++), new byte[ValueBytes]);
                }
            });
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        output.WriteLine(
            $"commit of {putsPerCommit} puts: median {times[commits / 2]:f2} ms, p99 {times[commits * 99 / 100]:f2} ms");
    }

    private void MeasureSnapshot(LmdbBucketStore store)
    {
        var stream = new ArrayBufferWriter<byte>(256 << 20);
        var meta = new SnapshotMeta(1, 1, 1, 1, default, 1, 1, FeatureLevel.First);
        var start = Stopwatch.GetTimestamp();
        using (var reader = store.BeginRead())
        using (var sender = new SnapshotSender(reader, meta, SnapshotTests.Unchecked(256 << 10)))
        {
            while (sender.WriteNextChunk(stream) == SnapshotSendResult.Chunk)
            {
            }
        }

        SayRate("snapshot sent", start, stream.WrittenCount);
        using var target = LmdbBucketStore.Open(_directory.At("target"));
        using var receiver = new SnapshotReceiver(target);
        start = Stopwatch.GetTimestamp();
        receiver.Feed(stream.WrittenSpan);
        receiver.Finish();
        SayRate("snapshot received, synced per chunk", start, stream.WrittenCount);
        output.WriteLine($"size {store.SizeBytes >> 10} KiB, used {store.UsedBytes >> 10} KiB of pairs sent "
            + $"{stream.WrittenCount >> 10} KiB, target {target.SizeBytes >> 10} KiB");
    }

    private static TimeSpan ProcessorTime() => Process.GetCurrentProcess().TotalProcessorTime;

    /// <summary>Processor time, not the clock's: nothing here waits, and other work on the machine would count.</summary>
    private void Say(string what, TimeSpan start, int count) =>
        output.WriteLine($"{what}: {(ProcessorTime() - start).TotalNanoseconds / count:f0} ns");

    private void SayRate(string what, long start, long bytes) =>
        output.WriteLine($"{what}: {bytes / 1048576.0 / Stopwatch.GetElapsedTime(start).TotalSeconds:f0} MiB/s");
}
