// A disk in memory that forgets what was not synced.
//
// Rules of the model, each at least as hard on the code as ext4 and XFS are:
//  - Data and length become durable by Sync or SyncData of that file, names by SyncDirectory of their directory. One
//    does not imply the other.
//  - At a crash each 512-byte sector of an unsynced write survives on its own or not, in any order; so does each
//    unsynced creation, deletion and rename. A rename survives as a whole.
//  - A sync that fails has lost the data: the file still shows it, but no later sync makes it durable (fsyncgate).
//  - A write that fails has written its first half.
//  - With a capacity, allocation beyond it fails with ENOSPC.
//  - A bit that rots shows at every read of it, over crashes too, until it is written again or the file is gone.

using Raftd.Wal;

namespace Raftd.Testing.Disks;

/// <summary>See the top of the file for the model. Paths are plain strings, "/" separates.</summary>
public sealed class MemoryFileSystem : IFileSystem
{
    private readonly Dictionary<string, MemoryNode> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MemoryNode> _durableNames = new(StringComparer.Ordinal);
    private readonly List<NameChange> _unsyncedNames = [];

    internal Lock Gate { get; } = new();

    /// <summary>Called before each operation. Returns 0, or the errno to fail with; may throw the simulated crash.</summary>
    public Func<FileOperation, int>? BeforeOperation { get; set; }

    /// <summary>Every operation that changes the disk, as text, in order; failed ones marked. Null: not kept.</summary>
    public List<string>? Journal { get; set; }

    public int Operations { get; private set; }

    /// <summary>Writes, lengths and names changed so far: the number of the last change.</summary>
    public long Changes { get; private set; }

    /// <summary>Bytes of the disk; allocation beyond it fails with ENOSPC.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    public long UsedBytes => _names.Values.Sum(node => node.Length);

    public IFile Open(string path, FileOpenMode mode, bool writable = true)
    {
        lock (Gate)
        {
            var exists = _names.TryGetValue(path, out var node);
            var creates = !exists && mode != FileOpenMode.OpenExisting;
            Enter(creates ? FileOperationKind.Create : FileOperationKind.Open, path);
            FailIf(exists && mode == FileOpenMode.CreateNew, "open", path, Errno.Exists);
            FailIf(!exists && !creates, "open", path, Errno.NotFound);
            FailIf(!ParentExists(_names, path), "open", path, Errno.NotFound);
            if (creates)
            {
                node = new MemoryNode(isDirectory: false);
                Change(path, from: null, node);
            }

            return new MemoryFile(this, path, node!, writable);
        }
    }

    public bool Exists(string path)
    {
        lock (Gate)
        {
            return path is "" or "/" || _names.ContainsKey(path);
        }
    }

    public bool IsDirectory(string path)
    {
        lock (Gate)
        {
            return path is "" or "/" || (_names.TryGetValue(path, out var node) && node.IsDirectory);
        }
    }

    public void Delete(string path)
    {
        lock (Gate)
        {
            Enter(FileOperationKind.Delete, path);
            FailIf(!_names.ContainsKey(path), "delete", path, Errno.NotFound);
            Change(path, from: null, node: null);
        }
    }

    public void Rename(string from, string to)
    {
        lock (Gate)
        {
            Enter(FileOperationKind.Rename, from, to);
            FailIf(!_names.ContainsKey(from), "rename", from, Errno.NotFound);
            Change(to, from, _names[from]);
        }
    }

    public void CreateDirectory(string path)
    {
        lock (Gate)
        {
            Enter(FileOperationKind.CreateDirectory, path);
            FailIf(!ParentExists(_names, path), "create directory", path, Errno.NotFound);
            if (!_names.ContainsKey(path))
            {
                Change(path, from: null, new MemoryNode(isDirectory: true));
            }
        }
    }

    public void SyncDirectory(string path) => SyncDirectory(path, long.MaxValue);

    /// <summary>As a sync that began after the change of that number: later changes of names are not covered.</summary>
    public void SyncDirectory(string path, long upTo)
    {
        lock (Gate)
        {
            Enter(FileOperationKind.SyncDirectory, path);
            var covered = _unsyncedNames.FindAll(change => ParentOf(change.Path) == path && change.Number <= upTo);
            foreach (var change in covered)
            {
                change.ApplyTo(_durableNames);
                _unsyncedNames.Remove(change);
            }
        }
    }

    /// <summary>As a sync that began after the change of that number: later changes of the file are not covered.</summary>
    public void SyncFile(IFile file, long upTo)
    {
        lock (Gate)
        {
            ((MemoryFile)file).Node.Sync(upTo);
        }
    }

    /// <summary>Makes that change of the file durable and no other, as the end of a write with O_DSYNC does.</summary>
    public void SyncChange(IFile file, long number)
    {
        lock (Gate)
        {
            ((MemoryFile)file).Node.SyncOne(number);
        }
    }

    public IReadOnlyList<string> List(string directory)
    {
        lock (Gate)
        {
            Enter(FileOperationKind.List, directory);
            FailIf(!Exists(directory), "list", directory, Errno.NotFound);
            return [.. _names.Where(pair => !pair.Value.IsDirectory && ParentOf(pair.Key) == directory)
                .Select(pair => Path.GetFileName(pair.Key)).Order(StringComparer.Ordinal)];
        }
    }

    public long AvailableBytes(string directory)
    {
        lock (Gate)
        {
            return Math.Max(0, CapacityBytes - UsedBytes);
        }
    }

    /// <summary>The disk as the next process finds it; this one is not to be used any more.</summary>
    public MemoryFileSystem Crash(CrashLoss loss, Random? random = null) => Crash(loss switch
    {
        CrashLoss.Nothing => null,
        CrashLoss.Everything => static _ => false,
        _ => _ => random!.Next(2) == 0,
    });

    /// <summary>As above, with a verdict of its own on each piece: names first, then file by file, oldest change first.</summary>
    /// <param name="survives">Null: only the process died.</param>
    public MemoryFileSystem Crash(Func<UnsyncedPiece, bool>? survives)
    {
        lock (Gate)
        {
            var names = survives is null ? _names : NamesAfterLoss(survives);
            var next = new MemoryFileSystem { CapacityBytes = CapacityBytes };
            var copies = new Dictionary<MemoryNode, MemoryNode>();
            foreach (var (path, node) in names.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                if (ParentExists(next._names, path))
                {
                    var copy = copies.TryGetValue(node, out var made) ? made : copies[node] = node.Crash(path, survives);
                    next._names[path] = next._durableNames[path] = copy;
                }
            }

            return next;
        }
    }

    /// <summary>Puts a file on the disk, durable at once: a test's damage or a fixture.</summary>
    public void Put(string path, byte[] content)
    {
        lock (Gate)
        {
            _names[path] = _durableNames[path] = MemoryNode.Durable(content);
        }
    }

    /// <summary>All files there are, ordered; no operation, so nothing can go wrong.</summary>
    public IReadOnlyList<string> Paths
    {
        get
        {
            lock (Gate)
            {
                return [.. _names.Where(pair => !pair.Value.IsDirectory).Select(pair => pair.Key).Order(StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>All directories there are, parents first.</summary>
    public IReadOnlyList<string> Directories
    {
        get
        {
            lock (Gate)
            {
                return [.. _names.Where(pair => pair.Value.IsDirectory).Select(pair => pair.Key).Order(StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>From now on the byte is read with these bits the other way round.</summary>
    public void Rot(string path, int offset, byte bits)
    {
        lock (Gate)
        {
            _names[path].Rot(offset, bits);
        }
    }

    /// <summary>A bit that rots can still be read somewhere.</summary>
    public bool HasRot
    {
        get
        {
            lock (Gate)
            {
                return _names.Values.Any(node => node.HasRot);
            }
        }
    }

    /// <summary>Looks as a checker may: reads are no operations, and show what was written, rotten or not.</summary>
    public T Peek<T>(Func<T> look)
    {
        var before = BeforeOperation;
        (BeforeOperation, IsPeeking) = (null, true);
        try
        {
            return look();
        }
        finally
        {
            (BeforeOperation, IsPeeking) = (before, false);
        }
    }

    internal bool IsPeeking { get; private set; }

    /// <summary>What was rotten is as it was written.</summary>
    public void MendRot()
    {
        lock (Gate)
        {
            foreach (var node in _names.Values)
            {
                node.MendRot();
            }
        }
    }

    /// <summary>The bytes of a file as a reader sees them.</summary>
    public byte[] Get(string path)
    {
        lock (Gate)
        {
            return _names[path].ToArray();
        }
    }

    /// <summary>Announces an operation; the test may answer with a crash or an errno.</summary>
    internal void Enter(FileOperationKind kind, string path, string to = "", long offset = 0, long length = 0)
    {
        var errno = Announce(new FileOperation(++Operations, kind, path, to, offset, length));
        FailIf(errno != 0, kind.ToString().ToLowerInvariant(), path, errno);
    }

    internal int Announce(FileOperationKind kind, string path, long offset, long length) =>
        Announce(new FileOperation(++Operations, kind, path, "", offset, length));

    internal void FailIfFull(string operation, string path, long added) =>
        FailIf(added > 0 && UsedBytes + added > CapacityBytes, operation, path, Errno.NoSpace);

    internal static void FailIf(bool condition, string operation, string path, int errno)
    {
        if (condition)
        {
            throw new StorageIoException(operation, path, errno);
        }
    }

    private int Announce(in FileOperation operation)
    {
        var errno = BeforeOperation?.Invoke(operation) ?? 0;
        if (operation.Changes)
        {
            Journal?.Add(errno == 0 ? operation.ToString() : $"{operation} fails with errno {errno}");
        }

        return errno;
    }

    internal long NextChange() => ++Changes;

    private void Change(string path, string? from, MemoryNode? node)
    {
        var change = new NameChange(NextChange(), path, from, node);
        change.ApplyTo(_names);
        _unsyncedNames.Add(change);
    }

    private Dictionary<string, MemoryNode> NamesAfterLoss(Func<UnsyncedPiece, bool> survives)
    {
        var names = new Dictionary<string, MemoryNode>(_durableNames, StringComparer.Ordinal);
        foreach (var change in _unsyncedNames)
        {
            if (survives(new UnsyncedPiece(UnsyncedKind.Name, change.Number, change.Path, 0, 1)))
            {
                change.ApplyTo(names);
            }
        }

        return names;
    }

    private static bool ParentExists(Dictionary<string, MemoryNode> names, string path) =>
        ParentOf(path) is "" or "/" || (names.TryGetValue(ParentOf(path), out var parent) && parent.IsDirectory);

    private static string ParentOf(string path) => Path.GetDirectoryName(path) ?? "";

    /// <summary>A name appears, moves or (without a node) goes.</summary>
    private readonly record struct NameChange(long Number, string Path, string? From, MemoryNode? Node)
    {
        public void ApplyTo(Dictionary<string, MemoryNode> names)
        {
            if (From is not null)
            {
                names.Remove(From);
            }

            if (Node is null)
            {
                names.Remove(Path);
            }
            else
            {
                names[Path] = Node;
            }
        }
    }
}
