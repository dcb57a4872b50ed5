using System.Diagnostics;
using System.Runtime.Versioning;
using Raftd.Testing.Disks;
using Raftd.Testing.Processes;

namespace Raftd.Wal.Tests;

/// <summary>The same log on the disk of this machine.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class PosixTests : IDisposable
{
    private const string Strace = "/usr/bin/strace";

    private readonly TemporaryDirectory _directory = TemporaryDirectory.OnRealDisk();

    private readonly PosixFileSystem _files = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Log_OnDisk_SurvivesRollDeleteResetAndReopen()
    {
        var wal = _directory.At("wal");
        var entries = Enumerable.Range(1, 100).Select(at => Workload.Entry(1, (ulong)at, 300)).ToArray();
        using (var log = WriteAheadLog.Open(_files, wal, Workload.SmallSegments))
        {
            Assert.True(log.PrepareSpare());
            log.Append(entries, new LogState(1, 2, 90, false));
            log.Sync();
            log.DeleteBelow(50);
            Assert.InRange(log.FirstIndex, 2ul, 50ul);
        }

        using (var log = WriteAheadLog.Open(_files, wal, Workload.SmallSegments))
        {
            Assert.Equal(TailKind.Clean, log.Recovery.Tail.Kind);
            var read = log.Read(50, 101, long.MaxValue);
            Assert.Equal(51, read.Count);
            Assert.All(read, entry => Assert.True(entry.Data.Span.SequenceEqual(entries[entry.Index - 1].Data.Span)));
            log.Reset(1000, 4, new LogState(5, 0, 1000, false));
        }

        using var reset = WriteAheadLog.Open(_files, wal, Workload.SmallSegments);
        Assert.Equal((1001ul, 1000ul, 4ul), (reset.FirstIndex, reset.LastIndex, reset.Term(1000)));
    }

    [Fact]
    public void Files_Created_AreForTheOwnerAlone()
    {
        var wal = _directory.At("wal");
        WriteAheadLog.Open(_files, wal, Workload.SmallSegments).Dispose();

        const UnixFileMode ReadWrite = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(ReadWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(wal));
        Assert.All(Directory.GetFiles(wal), path => Assert.Equal(ReadWrite, File.GetUnixFileMode(path)));
    }

    [Fact]
    public void Errors_OfTheSystem_CarryErrnoAndPath()
    {
        var missing = _directory.At("none");
        var error = Assert.Throws<StorageIoException>(() => _files.Open(missing, FileOpenMode.OpenExisting));
        Assert.Equal((Errno.NotFound, missing, false), (error.ErrorNumber, error.Path, error.IsDiskFull));
        Assert.Equal(Errno.NotFound, Assert.Throws<StorageIoException>(() => _files.Delete(missing)).ErrorNumber);
        Assert.Equal(Errno.NotFound, Assert.Throws<StorageIoException>(() => _files.Rename(missing, missing)).ErrorNumber);
        Assert.Equal(Errno.NotFound, Assert.Throws<StorageIoException>(() => _files.SyncDirectory(missing)).ErrorNumber);
        Assert.Equal(Errno.NotFound, Assert.Throws<StorageIoException>(() => _files.List(missing)).ErrorNumber);
    }

    /// <summary>/dev/full answers every write with ENOSPC.</summary>
    [Fact]
    public void Write_DiskFull_IsDistinguishable()
    {
        using var file = _files.Open("/dev/full", FileOpenMode.OpenExisting);
        Assert.True(Assert.Throws<StorageIoException>(() => file.Write(0, [1])).IsDiskFull);
    }

    [Fact]
    public void DirectoryLock_SecondOpener_NamesTheFirst()
    {
        using (DirectoryLock.Acquire(_directory.Path))
        {
            var error = Assert.Throws<DirectoryLockedException>(() => DirectoryLock.Acquire(_directory.Path));
            Assert.Contains($"in use by process {Environment.ProcessId};", error.Message, StringComparison.Ordinal);
        }

        DirectoryLock.Acquire(_directory.Path).Dispose();
    }

    [Fact]
    public async Task Read_BesideTheWriter_SeesWholeEntriesOnly()
    {
        using var log = WriteAheadLog.Open(_files, _directory.At("wal"), Workload.SmallSegments);
        var done = false;
        var reader = Task.Run(() =>
        {
            while (!Volatile.Read(ref done))
            {
                try
                {
                    var low = log.FirstIndex;
                    Assert.All(log.Read(low, low + 20, 10_000), entry =>
                        Assert.True(entry.Data.Span.SequenceEqual(Workload.Entry(1, entry.Index, 200).Data.Span)));
                }
                catch (LogCompactedException)
                {
                    // The writer was faster; the next round asks again.
                }
            }
        });
        for (ulong index = 1; index <= 1000; index += 5)
        {
            log.Append([.. Enumerable.Range(0, 5).Select(at => Workload.Entry(1, index + (ulong)at, 200))], null);
            log.Sync();
            log.DeleteBelow(index > 100 ? index - 100 : 1);
        }

        Volatile.Write(ref done, true);
        await reader;
    }

    /// <summary>Failure 85 of docs/failures.md: one group commit is exactly one fdatasync, seen from outside the
    /// process.</summary>
    [Fact]
    public async Task Sync_UnderStrace_IsOneFdatasync()
    {
        Assert.SkipUnless(File.Exists(Strace), $"{Strace} is not installed");
        var trace = _directory.At("trace");
        var wal = _directory.At("wal");
        var run = await Subprocess.RunAsync(new ProcessStartInfo(
            Strace, ["-f", "-qq", "-e", "trace=fdatasync,fsync,pwrite64", "-o", trace, Subprocess.ThisProgram])
        {
            Environment = { [SyncProbe.Variable] = wal },
        });
        var calls = File.ReadAllLines(trace);
        Assert.SkipWhen(calls.Length == 0 && run.Code != 0, "strace may not trace here");

        Assert.True(run.Code == 0, run.ToString());
        Assert.Equal(SyncProbe.Batches, calls.Count(line => line.Contains(" fdatasync(")));
    }

    /// <summary>Failure 86 of docs/failures.md: the kernel takes a part of a write. What it did not take is written
    /// behind that part.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(ShortWriteProbe.BlockBytes - 1)]
    public async Task Write_TakenInPart_GoesOnBehindThePart(int taken)
    {
        Assert.SkipUnless(File.Exists(Strace), $"{Strace} is not installed");
        var path = _directory.At("written");

        // Each block's first call is said to have written so many bytes, and writes none: its next call is real.
        var run = await Subprocess.RunAsync(new ProcessStartInfo(
            Strace,
            ["-f", "-qq", "-P", path, "-e", $"inject=pwrite64:retval={taken}:when=1+2", "-o", _directory.At("trace"), Subprocess.ThisProgram])
        {
            Environment = { [ShortWriteProbe.Variable] = path },
        });
        Assert.SkipWhen(run.Code == 1 && !File.Exists(path), "strace may not trace here");

        Assert.True(run.Code == 0, run.ToString());
        var block = ShortWriteProbe.Block();
        var expected = new byte[ShortWriteProbe.Blocks * ShortWriteProbe.BlockBytes];
        for (var at = 0; at < expected.Length; at += block.Length)
        {
            block.AsSpan(taken).CopyTo(expected.AsSpan(at + taken));
        }

        Assert.Equal(expected, File.ReadAllBytes(path));
    }
}
