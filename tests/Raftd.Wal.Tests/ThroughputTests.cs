using System.Diagnostics;
using Raftd.Testing.Disks;

namespace Raftd.Wal.Tests;

/// <summary>Figures for docs/wal-format.md; only when asked for (RAFTD_MEASURE=1), since they depend on the machine.</summary>
public class ThroughputTests(ITestOutputHelper output)
{
    [Fact]
    public void Log_GroupCommit_Figures()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("RAFTD_MEASURE") == "1", "set RAFTD_MEASURE=1 to measure");
        using var directory = TemporaryDirectory.OnRealDisk();
        Measure(directory.At("throughput"));
    }

    private void Measure(string directory)
    {
        const int BatchEntries = 30;
        const int Batches = 6000;
        var data = new byte[300];
        Random.Shared.NextBytes(data);
        var batch = new LogEntry[BatchEntries];
        var latencies = new double[Batches];
        using (var log = WriteAheadLog.Open(new PosixFileSystem(), directory, Workload.LargeSegments))
        {
            log.PrepareSpare();
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var total = Stopwatch.StartNew();
            for (var at = 0; at < Batches; at++)
            {
                for (var slot = 0; slot < BatchEntries; slot++)
                {
                    batch[slot] = new LogEntry(1, (ulong)((at * BatchEntries) + slot + 1), 0, data);
                }

                var start = Stopwatch.GetTimestamp();
                log.Append(batch, null);
                log.Sync();
                latencies[at] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }

            var perEntry = (GC.GetAllocatedBytesForCurrentThread() - allocated) / (double)(Batches * BatchEntries);
            Array.Sort(latencies);
            output.WriteLine($"{Batches * BatchEntries / total.Elapsed.TotalSeconds:f0} entries/s of 300 bytes in batches of 30, "
                + $"sync p50 {latencies[Batches / 2]:f3} p99 {latencies[Batches * 99 / 100]:f3} ms, {perEntry:f1} bytes allocated/entry");
            MeasureRead(log);
        }

        var open = Stopwatch.StartNew();
        WriteAheadLog.Open(new PosixFileSystem(), directory, Workload.LargeSegments).Dispose();
        output.WriteLine($"open {Batches * BatchEntries} entries: {open.ElapsedMilliseconds} ms");
    }

    private void MeasureRead(WriteAheadLog log)
    {
        var start = Stopwatch.GetTimestamp();
        for (var low = log.FirstIndex; low <= log.LastIndex;)
        {
            low += (ulong)log.Read(low, log.LastIndex + 1, 1 << 20).Count;
        }

        output.WriteLine($"read all: {Stopwatch.GetElapsedTime(start).TotalMilliseconds:f0} ms");
    }
}
