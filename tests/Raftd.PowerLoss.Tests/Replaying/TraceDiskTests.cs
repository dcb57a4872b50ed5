using System.Text;
using Raftd.PowerLoss.Tests.Recording;
using Raftd.Testing.Disks;

namespace Raftd.PowerLoss.Tests.Replaying;

public sealed class TraceDiskTests
{
    private const string Folder = "/r";

    private readonly TraceDisk _disk = new(Folder, new MemoryFileSystem());

    public TraceDiskTests() => Play(
        $"1 mkdir({Text("/r/data")}, 0700) = 0",
        $"1 openat(AT_FDCWD, {Text("/r/data/f")}, O_RDWR|O_CREAT, 0600) = 5",
        $"1 openat(AT_FDCWD, {Text("/r/data")}, O_RDONLY|O_DIRECTORY) = 6",
        $"1 openat(AT_FDCWD, {Text("/r")}, O_RDONLY|O_DIRECTORY) = 7",
        "1 fsync(7) = 0");

    [Fact]
    public void Sync_OfNameOrData_CoversThatAlone()
    {
        Play($"1 pwrite64(5, {Text("ab")}, 2, 0) = 2", "1 fdatasync(5) = 0");
        Assert.Empty(Lost().Paths);

        Play("1 fsync(6) = 0", $"1 pwrite64(5, {Text("xy")}, 2, 0) = 2");
        Assert.Equal("ab", Content(Lost()));
        Assert.Equal("xy", Content(_disk.Files));
    }

    [Fact]
    public void Sync_AnotherThreadWritesWhileItRuns_DoesNotCoverThat()
    {
        Play(
            "1 fsync(6) = 0",
            $"1 pwrite64(5, {Text("ab")}, 2, 0) = 2",
            "1 fdatasync(5 <unfinished ...>",
            $"2 pwrite64(5, {Text("cd")}, 2, 2) = 2",
            "1 <... fdatasync resumed>) = 0");

        Assert.Equal("ab", Content(Lost()));
        Play("1 fdatasync(5) = 0");
        Assert.Equal("abcd", Content(Lost()));
    }

    [Fact]
    public void SynchronousWrite_UnsyncedWritesBeforeIt_IsDurableWithoutThem()
    {
        Play(
            "1 fsync(6) = 0",
            $"1 openat(AT_FDCWD, {Text("/r/data/f")}, O_WRONLY|O_DSYNC) = 8",
            $"1 pwrite64(5, {Text("ab")}, 2, 0) = 2",
            $"1 pwrite64(8, {Text("cd")}, 2, 2) = 2");

        Assert.Equal("\0\0cd", Content(Lost()));
        Play("1 fdatasync(5) = 0");
        Assert.Equal("abcd", Content(Lost()));
    }

    [Fact]
    public void SynchronousWrite_BeforeItIsSettled_MayBeTorn()
    {
        Play("1 fsync(6) = 0", $"1 openat(AT_FDCWD, {Text("/r/data/f")}, O_WRONLY|O_DSYNC) = 8");
        _disk.Play(StraceReader.Read([$"1 pwrite64(8, {Text("ab")}, 2, 0) = 2"])[0]);

        Assert.Equal("", Content(Lost()));
        Assert.Equal("O_DSYNC", _disk.Settle()!.Value.Call);
        Assert.Equal("ab", Content(Lost()));
    }

    [Fact]
    public void CallTheProcessWasKilledIn_IsNotDone_UnlessSaidSo()
    {
        Play($"1 rename({Text("/r/data/f")}, {Text("/r/data/g")}) = ?");
        Assert.Equal(["/data/f"], _disk.Files.Paths);

        _disk.PlayRunning(Assert.Single(_disk.Running));
        Assert.Equal(["/data/g"], _disk.Files.Paths);
    }

    [Fact]
    public void Notes_CrashWithinTheirWrite_CountFromItsBeginning()
    {
        Play(
            $"1 openat(AT_FDCWD, {Text("/r/notes")}, O_WRONLY|O_CREAT|O_APPEND, 0600) = 9",
            $"1 write(9, {Text("2 7 1000001 42\n")}, 15 <unfinished ...>");

        Assert.Equal([new Note(NoteKind.Acknowledged, 7, 1_000_001, 42)], _disk.Notes);
    }

    [Fact]
    public void Map_WritableAndShared_IsAnError()
    {
        Play("1 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 5, 0) = 0x7f0000000000");
        Assert.Empty(_disk.SharedMaps);
        Play("1 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 5, 0) = 0x7f0000000000");
        Assert.Equal(["/data/f"], _disk.SharedMaps);
    }

    [Fact]
    public void Call_TheModelDoesNotKnowIt_IsAnError() => Assert.Throws<InvalidDataException>(
        () => Play($"1 link({Text("/r/data/f")}, {Text("/r/data/h")}) = 0"));

    private void Play(params string[] lines)
    {
        foreach (var happening in StraceReader.Read(lines))
        {
            _disk.Play(happening);
            _disk.Settle();
        }
    }

    private MemoryFileSystem Lost() => _disk.Files.Crash(CrashLoss.Everything);

    private static string Content(MemoryFileSystem files) => Encoding.ASCII.GetString(files.Get("/data/f"));

    private static string Text(string text) =>
        $"\"{string.Concat(Encoding.ASCII.GetBytes(text).Select(letter => $"\\x{letter:x2}"))}\"";
}
