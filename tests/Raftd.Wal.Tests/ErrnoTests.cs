
using Raftd.Testing.Disks;

namespace Raftd.Wal.Tests;

/// <summary>An error at the n-th call, for every n: typed, final where it must be, nothing acknowledged is lost.</summary>
public class ErrnoTests
{
    [Theory]
    [InlineData(Errno.Io)]
    [InlineData(Errno.NoSpace)]
    [InlineData(Errno.ReadOnly)]
    [InlineData(Errno.AccessDenied)]
    [InlineData(Errno.Interrupted)]
    [InlineData(Errno.QuotaExceeded)]
    public void Log_ErrorAtEveryCall_LosesNothingSynced(int errno)
    {
        var failures = 0;
        for (var at = 1; ; at++)
        {
            var files = new MemoryFileSystem();
            var work = new Workload(files, Workload.SmallSegments, LogModel.Empty);
            files.BeforeOperation = operation => operation.Number == at ? errno : 0;
            var failure = Record.Exception(() => Workload.Everything(work));
            files.BeforeOperation = null;
            if (failure is null && files.Operations < at)
            {
                break;
            }

            failures++;
            Assert.True(failure is null or WalFailedException or WalSpaceException or StorageIoException, $"{at}: {failure}");
            Workload.Verify(files.Crash(CrashLoss.Nothing), work, $"errno {errno} at {at}, process died");
            Workload.Verify(files.Crash(CrashLoss.Everything), work, $"errno {errno} at {at}, power lost");
            Workload.Verify(files.Crash(CrashLoss.Some, new Random(at)), work, $"errno {errno} at {at}, some lost");
        }

        Assert.True(failures > 100, $"only {failures} calls were made to fail");
    }

    [Fact]
    public void Sync_Failed_EveryLaterCallThrowsTheSameAndTouchesNoFile()
    {
        var files = new MemoryFileSystem();
        var log = WriteAheadLog.Open(files, Workload.Directory, Workload.SmallSegments);
        log.Append([Workload.Entry(1, 1, 10)], null);
        files.BeforeOperation = operation => operation.Kind == FileOperationKind.SyncData ? Errno.Io : 0;

        var first = Assert.Throws<WalFailedException>(log.Sync);
        files.BeforeOperation = null;
        var operations = files.Operations;

        Assert.Same(first, Assert.Throws<WalFailedException>(log.Sync));
        Assert.Same(first, Assert.Throws<WalFailedException>(log.Write));
        Assert.Same(first, Assert.Throws<WalFailedException>(() => log.Append([], new LogState(1, 0, 0, false))));
        Assert.Same(first, Assert.Throws<WalFailedException>(() => log.DeleteBelow(1)));
        Assert.Same(first, Assert.Throws<WalFailedException>(() => log.Reset(5, 1, new LogState(1, 0, 0, false))));
        Assert.Equal(operations, files.Operations);
        Assert.Equal(0ul, log.SyncedIndex);
    }
}
