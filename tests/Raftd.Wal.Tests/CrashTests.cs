
using Raftd.Testing.Disks;

namespace Raftd.Wal.Tests;

/// <summary>A crash at every file operation: what was synced is there, and nothing that was never appended.</summary>
public class CrashTests
{
    private const int Patterns = 6;

    [Theory]
    [InlineData(CrashLoss.Nothing)]
    [InlineData(CrashLoss.Everything)]
    [InlineData(CrashLoss.Some)]
    public void Log_CrashAtEveryFileOperation_KeepsWhatWasSynced(CrashLoss loss)
    {
        var operations = CountOperations();
        Assert.True(operations > 100, $"only {operations} operations");
        for (var at = 1; at <= operations; at++)
        {
            var (files, work) = RunUntil(at);
            for (var seed = 0; seed < (loss == CrashLoss.Some ? Patterns : 1); seed++)
            {
                Workload.Verify(files.Crash(loss, new Random(seed)), work, $"{loss}, operation {at}, seed {seed}");
            }
        }
    }

    [Fact]
    public void Recovery_CrashAtEveryFileOperation_FindsTheSameLog()
    {
        var operations = CountOperations();
        for (var at = 1; at <= operations; at += 3)
        {
            var (files, work) = RunUntil(at);
            var crashed = files.Crash(CrashLoss.Some, new Random(at));
            for (var inner = 1; CrashesDuringOpen(crashed, inner); inner++)
            {
                Workload.Verify(crashed.Crash(CrashLoss.Some, new Random(inner)), work, $"operation {at}, then {inner}");
                crashed = RunUntil(at).Files.Crash(CrashLoss.Some, new Random(at));
            }
        }
    }

    /// <summary>Failure 28 of docs/failures.md: kill -9 leaves the page cache, the next process acknowledges what it
    /// read, then the power fails.</summary>
    [Fact]
    public void Open_AfterKillThenPowerLoss_KeepsWhatItFound()
    {
        var files = new MemoryFileSystem();
        var work = new Workload(files, Workload.SmallSegments, LogModel.Empty);
        work.Append(1, 1, 5, 100);
        work.Log.Write();

        var killed = files.Crash(CrashLoss.Nothing);
        WriteAheadLog.Open(killed, Workload.Directory, Workload.SmallSegments).Dispose();
        using var log = WriteAheadLog.Open(killed.Crash(CrashLoss.Everything), Workload.Directory, Workload.SmallSegments);

        Assert.Equal(5ul, log.LastIndex);
    }

    private static int CountOperations()
    {
        var files = new MemoryFileSystem();
        Workload.Everything(new Workload(files, Workload.SmallSegments, LogModel.Empty));
        return files.Operations;
    }

    private static (MemoryFileSystem Files, Workload Work) RunUntil(int at)
    {
        var files = new MemoryFileSystem();
        var work = new Workload(files, Workload.SmallSegments, LogModel.Empty);
        files.BeforeOperation = operation => operation.Number == at ? throw new SimulatedCrashException(operation) : 0;
        Assert.Throws<SimulatedCrashException>(() => Workload.Everything(work));
        files.BeforeOperation = null;
        return (files, work);
    }

    private static bool CrashesDuringOpen(MemoryFileSystem files, int at)
    {
        files.BeforeOperation = operation => operation.Number == at ? throw new SimulatedCrashException(operation) : 0;
        try
        {
            WriteAheadLog.Open(files, Workload.Directory, Workload.SmallSegments).Dispose();
            return false;
        }
        catch (SimulatedCrashException)
        {
            return true;
        }
        finally
        {
            files.BeforeOperation = null;
        }
    }
}
