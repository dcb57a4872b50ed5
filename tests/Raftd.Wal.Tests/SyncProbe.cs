using System.Runtime.CompilerServices;

namespace Raftd.Wal.Tests;

/// <summary>Run in a process of its own, under strace: opens a log and commits some batches, then exits.</summary>
internal static class SyncProbe
{
    public const string Variable = "RAFTD_SYNC_PROBE";
    public const int Batches = 10;

    [ModuleInitializer]
    internal static void RunWhenAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } directory)
        {
            return;
        }

        using (var log = WriteAheadLog.Open(new PosixFileSystem(), directory, Workload.LargeSegments with { SegmentSizeBytes = 1 << 20 }))
        {
            for (ulong batch = 0; batch < Batches; batch++)
            {
                log.Append([.. Enumerable.Range(1, 30).Select(at => Workload.Entry(1, (batch * 30) + (ulong)at, 300))], null);
                log.Sync();
                log.Sync();
            }
        }

        Environment.Exit(0);
    }
}
