
using Raftd.Testing.Disks;

namespace Raftd.Wal.Tests;

/// <summary>The disk in memory forgets what it should: a test on a kind disk would prove nothing.</summary>
public class MemoryFileSystemTests
{
    [Fact]
    public void Crash_NameNotSynced_FileIsGone()
    {
        var files = new MemoryFileSystem();
        WriteFile(files, "/a", sync: true);
        Assert.False(files.Crash(CrashLoss.Everything).Exists("/a"));
        Assert.True(files.Crash(CrashLoss.Nothing).Exists("/a"));
        files.SyncDirectory("/");
        Assert.Equal([1, 2, 3], files.Crash(CrashLoss.Everything).Get("/a"));
    }

    [Fact]
    public void Crash_DataNotSynced_FileIsEmpty()
    {
        var files = new MemoryFileSystem();
        WriteFile(files, "/a", sync: false);
        files.SyncDirectory("/");
        Assert.Empty(files.Crash(CrashLoss.Everything).Get("/a"));
    }

    [Fact]
    public void Crash_RenameNotSynced_OldNameIsBack()
    {
        var files = new MemoryFileSystem();
        WriteFile(files, "/a", sync: true);
        files.SyncDirectory("/");
        files.Rename("/a", "/b");
        var crashed = files.Crash(CrashLoss.Everything);
        Assert.True(crashed.Exists("/a"));
        Assert.False(crashed.Exists("/b"));
    }

    [Fact]
    public void Crash_DirectoryNotSynced_TakesItsFilesAlong()
    {
        var files = new MemoryFileSystem();
        files.CreateDirectory("/d");
        WriteFile(files, "/d/a", sync: true);
        files.SyncDirectory("/d");
        Assert.False(files.Crash(CrashLoss.Everything).Exists("/d/a"));
    }

    [Fact]
    public void Sync_Failed_LosesTheDataForGoodButShowsIt()
    {
        var files = new MemoryFileSystem();
        using var file = files.Open("/a", FileOpenMode.CreateNew);
        files.SyncDirectory("/");
        file.Write(0, [1, 2, 3]);
        files.BeforeOperation = _ => Errno.Io;
        Assert.Throws<StorageIoException>(file.Sync);
        files.BeforeOperation = null;
        file.Sync();
        Assert.Equal([1, 2, 3], files.Get("/a"));
        Assert.Empty(files.Crash(CrashLoss.Everything).Get("/a"));
    }

    [Fact]
    public void Crash_Some_TearsAWriteBySectors()
    {
        var files = new MemoryFileSystem();
        using var file = files.Open("/a", FileOpenMode.CreateNew);
        file.Preallocate(64 << 10);
        file.Sync();
        files.SyncDirectory("/");
        file.Write(100, [.. Enumerable.Repeat((byte)1, 60_000)]);
        var sectors = files.Crash(CrashLoss.Some, new Random(1)).Get("/a").Chunk(512).Skip(1).Take(100).ToList();
        Assert.All(sectors, sector => Assert.Single(sector.Distinct()));
        Assert.InRange(sectors.Count(sector => sector[0] == 1), 25, 75);
    }

    private static void WriteFile(MemoryFileSystem files, string path, bool sync)
    {
        using var file = files.Open(path, FileOpenMode.CreateNew);
        file.Write(0, [1, 2, 3]);
        if (sync)
        {
            file.Sync();
        }
    }
}
