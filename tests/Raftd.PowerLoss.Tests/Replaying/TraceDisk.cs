// The disk that a trace wrote, as MemoryFileSystem models it: what is durable, what is not, at every call.
//
// A call takes effect at its end, in the order in which the ends were seen. A sync covers what had ended when it began:
// what another thread changed while it ran is not covered. A write to a descriptor with O_DSYNC (LMDB's meta page) is
// two steps, a write and a sync of that one change: Play does the first, Settle the second. What was acknowledged is
// taken from the notes, at the beginning of the call that wrote it.
//
// Calls on other files are ignored; a call on a file of the directory that the model does not know is an error. So are
// writable shared maps, but for those that are named in SharedMaps and looked at by the test.

using System.Text;
using Raftd.PowerLoss.Tests.Recording;
using Raftd.Testing.Disks;
using Raftd.Wal;

namespace Raftd.PowerLoss.Tests.Replaying;

/// <summary>Where in a trace something changed: behind that call on that file.</summary>
internal readonly record struct TracePlace(string Call, string Path);

/// <param name="folder">Of the recording: holds the data directory and the notes. Its name is "/" in the model.</param>
/// <param name="files">The disk as the process found it.</param>
internal sealed class TraceDisk(string folder, MemoryFileSystem files)
{
    private const string Root = "/";

    private readonly Dictionary<int, OpenFile> _open = [];
    private readonly Dictionary<int, long> _beganAt = [];
    private readonly Dictionary<int, Call> _running = [];
    private TracePlace? _place;
    private OpenFile? _unsettled;

    public MemoryFileSystem Files { get; } = files;

    public List<Note> Notes { get; } = [];

    /// <summary>Files that were mapped shared and writable: what is changed there is no call.</summary>
    public SortedSet<string> SharedMaps { get; } = new(StringComparer.Ordinal);

    /// <returns>The call and its file where it changed the disk, or what of it is durable; else null.</returns>
    public TracePlace? Play(in TraceEvent happening)
    {
        _place = null;
        if (happening.Begins)
        {
            Begin(happening.Call);
        }

        if (happening.Ends)
        {
            _running.Remove(happening.Call.Thread);
            End(happening.Call);
        }

        return _place;
    }

    /// <summary>The second half of a write with O_DSYNC; to be called after each Play.</summary>
    /// <returns>As Play.</returns>
    public TracePlace? Settle()
    {
        if (_unsettled is not { } file)
        {
            return null;
        }

        _unsettled = null;
        Files.SyncChange(file.Content!, Files.Changes);
        return new TracePlace("O_DSYNC", file.Path);
    }

    /// <summary>Calls that the process was killed in, one of a thread at most, in the order of the threads; no syncs.</summary>
    public IReadOnlyList<Call> Running =>
        [.. _running.Values.Where(call => call.Name is not ("fsync" or "fdatasync")).OrderBy(call => call.Thread)];

    /// <summary>Such a call was done all the same: its end was not seen, but the directory shows it.</summary>
    public void PlayRunning(Call call)
    {
        call.Result = call.Arguments.Sum(argument => argument.Bytes.Length);
        End(call);
    }

    private void Begin(Call call)
    {
        _running[call.Thread] = call;
        _beganAt[call.Thread] = Files.Changes;
        if (call.Name == "close")
        {
            // At its beginning: before its end is seen another thread may have been given the same number.
            _open.Remove(call.Arguments[0].Descriptor);
        }

        if (call.Name is "write" or "pwrite64" && FileOf(call) is { IsNotes: true })
        {
            Notes.Add(Recording.Notes.Parse(call.Arguments[1].Bytes));
        }
    }

    private void End(Call call)
    {
        if (call.Result is null or < 0)
        {
            return;
        }

        switch (call.Name)
        {
            case "open" or "openat" or "creat":
                Open(call);
                break;
            case "close":
                break;
            case "dup" or "dup2" or "dup3" or "fcntl":
                Duplicate(call);
                break;
            case "lseek":
                Seek(call);
                break;
            case "mmap":
                Map(call);
                break;
            case "mkdir" or "mkdirat":
                OnPath(call, Files.CreateDirectory);
                break;
            case "unlink" or "unlinkat" or "rmdir":
                OnPath(call, Files.Delete);
                break;
            case "rename" or "renameat" or "renameat2":
                Rename(call);
                break;
            case "link" or "linkat" or "symlink" or "symlinkat" or "truncate" or "openat2":
                OnPath(call, _ => throw Unknown(call));
                break;
            case "sync" or "syncfs" or "io_uring_setup":
                throw Unknown(call);
            default:
                OnFile(call);
                break;
        }
    }

    private void OnFile(Call call)
    {
        if (FileOf(call) is not { IsNotes: false } file)
        {
            return;
        }

        switch (call.Name)
        {
            case "write" or "writev":
                Write(call, file, file.Position);
                file.Position += call.Result!.Value;
                break;
            case "pwrite64" or "pwritev" or "pwritev2":
                Write(call, file, call.Arguments[3].Number);
                break;
            case "ftruncate":
                file.Content!.SetLength(call.Arguments[1].Number);
                _place = new TracePlace(call.Name, file.Path);
                break;
            case "fallocate" when call.Arguments[1].Text == "0":
                Allocate(call, file);
                break;
            case "fsync" or "fdatasync":
                Sync(call, file);
                break;
            case "sync_file_range":
                break; // promises nothing
            default:
                throw Unknown(call);
        }
    }

    private void Open(Call call)
    {
        var flags = call.Arguments[call.Name == "openat" ? 2 : 1];
        if (PathOf(call.Arguments[call.Name == "openat" ? 1 : 0]) is not { } path)
        {
            return;
        }

        var descriptor = (int)call.Result!.Value;
        if (path == Root + Recording.Notes.FileName)
        {
            _open[descriptor] = new OpenFile(path, null) { IsNotes = true };
            return;
        }

        var creates = flags.Has("O_CREAT") && !Files.Exists(path);
        var content = Files.IsDirectory(path) ? null : Files.Open(path, creates ? FileOpenMode.CreateNew : FileOpenMode.OpenExisting);
        _open[descriptor] = new OpenFile(path, content) { IsSynchronous = flags.Has("O_DSYNC") || flags.Has("O_SYNC") };
        if (creates)
        {
            _place = new TracePlace(call.Name, path);
        }

        if (flags.Has("O_TRUNC") && content!.Length > 0)
        {
            content.SetLength(0);
            _place = new TracePlace(call.Name, path);
        }
    }

    private void Duplicate(Call call)
    {
        var duplicates = call.Name != "fcntl" || call.Arguments[1].Text.StartsWith("F_DUPFD", StringComparison.Ordinal);
        if (duplicates && FileOf(call) is { } file)
        {
            _open[(int)call.Result!.Value] = file;
        }
    }

    private void Seek(Call call)
    {
        if (FileOf(call) is { } file)
        {
            file.Position = call.Result!.Value;
        }
    }

    private void Map(Call call)
    {
        var writable = call.Arguments[2].Has("PROT_WRITE") && call.Arguments[3].Has("MAP_SHARED");
        if (writable && call.Arguments[4].Text != "-1" && _open.TryGetValue(call.Arguments[4].Descriptor, out var file))
        {
            SharedMaps.Add(file.Path);
        }
    }

    private void Write(Call call, OpenFile file, long offset)
    {
        file.Content!.Write(offset, call.Arguments[1].Bytes.AsSpan(0, (int)call.Result!.Value));
        _place = new TracePlace(call.Name, file.Path);
        _unsettled = file.IsSynchronous ? file : null;
    }

    private void Allocate(Call call, OpenFile file)
    {
        var end = call.Arguments[2].Number + call.Arguments[3].Number;
        if (end > file.Content!.Length)
        {
            file.Content.SetLength(end);
            _place = new TracePlace(call.Name, file.Path);
        }
    }

    private void Sync(Call call, OpenFile file)
    {
        var covered = _beganAt[call.Thread];
        if (file.Content is null)
        {
            Files.SyncDirectory(file.Path, covered);
        }
        else
        {
            Files.SyncFile(file.Content, covered);
        }

        _place = new TracePlace(call.Name, file.Path);
    }

    private void Rename(Call call)
    {
        var paths = call.Arguments.Where(argument => argument.Bytes.Length > 0).Select(PathOf).ToArray();
        if (paths is [{ } from, { } to])
        {
            Files.Rename(from, to);
            _place = new TracePlace(call.Name, to);
        }
        else if (paths.Any(path => path is not null))
        {
            throw Unknown(call);
        }
    }

    private void OnPath(Call call, Action<string> change)
    {
        foreach (var path in call.Arguments.Where(argument => argument.Bytes.Length > 0).Select(PathOf).OfType<string>())
        {
            change(path);
            _place = new TracePlace(call.Name, path);
        }
    }

    private OpenFile? FileOf(Call call) =>
        int.TryParse(call.Arguments[0].Text, out var descriptor) ? _open.GetValueOrDefault(descriptor) : null;

    /// <summary>The name in the model; null for what is not of the recorded member.</summary>
    private string? PathOf(Argument argument)
    {
        var path = argument.Path;
        if (path == folder)
        {
            return Root;
        }

        var name = path.StartsWith(folder + Root, StringComparison.Ordinal) ? path[folder.Length..] : null;
        var first = name?.Split('/')[1];
        return first is Workloads.DataName or Recording.Notes.FileName ? name : null;
    }

    private static InvalidDataException Unknown(Call call) =>
        new($"the model does not know {call.Name}({string.Join(", ", call.Arguments.Select(Shown))})");

    private static string Shown(Argument argument) =>
        argument.Bytes.Length is > 0 and < 256 ? Encoding.UTF8.GetString(argument.Bytes) : argument.Text;

    /// <summary>What a descriptor stands for; without content it is a directory.</summary>
    private sealed class OpenFile(string path, IFile? content)
    {
        public string Path { get; } = path;

        public IFile? Content { get; } = content;

        public bool IsSynchronous { get; init; }

        public bool IsNotes { get; init; }

        public long Position { get; set; }
    }
}
