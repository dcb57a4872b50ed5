// A segment allocated ahead.
//
// The naive way allocates a segment when the current one is full. The writer then waits for 64 MiB of zeros, 40 ms in which
// nothing commits. And a full disk shows only then, when the entries are in the log and cannot be refused any more.
//
//            Prepare                       written, synced
//   [ None ] --------> [ Busy: preparing ] ---------------> [ Ready ]
//      ^                       |                                |
//      |     disk full, error  |                                | TryTake
//      +-----------------------+------- renamed ------ [ Busy: being taken ]
//
// A background thread prepares the spare, the writer takes it. Both are slow work on the file, so it is done outside the
// lock, in the state Busy, which belongs to the thread that entered it; the lock guards the change of state alone. So a
// writer that needs a segment while one is being prepared does not wait for it: it allocates its own.
//
// Close may come at any moment. A thread that is Busy then finds Closed when it wants to publish its file, and closes it.
//
// After a crash the file is kept if it has its full length and is all zeros. On a full disk it may be the only room in which
// the member can start (Open copies the last segment).

namespace Raftd.Wal;

/// <summary>The one spare segment of a log. See the top of the file.</summary>
internal sealed class SpareSegment(IFileSystem files, string directory, long sizeBytes)
{
    private enum SpareState
    {
        None,
        Busy,
        Ready,
        Closed,
    }

    private readonly Lock _gate = new(); // guards _state and _file
    private readonly string _path = Path.Combine(directory, "spare" + SegmentFiles.TemporarySuffix);
    private SpareState _state;
    private IFile? _file;
    private volatile bool _spaceLow;

    /// <summary>The last attempt to allocate a segment found the disk full.</summary>
    public bool IsSpaceLow => _spaceLow;

    /// <summary>Bytes of records that the spare can take; 0 when there is none.</summary>
    public long RoomBytes
    {
        get
        {
            lock (_gate)
            {
                return _state == SpareState.Ready ? sizeBytes - SegmentHeader.Bytes : 0;
            }
        }
    }

    /// <summary>A file of zeros with all its space, not yet durable.</summary>
    public static IFile Allocate(IFileSystem files, string path, long sizeBytes)
    {
        if (files.Exists(path))
        {
            files.Delete(path);
        }

        var file = files.Open(path, FileOpenMode.CreateNew);
        try
        {
            file.Preallocate(sizeBytes);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Makes the spare unless there is one. False: the disk is full, or another thread is busy with it.</summary>
    /// <remarks>Published in the finally block in every case: a state that stayed Busy would never get a spare again.</remarks>
    public bool Prepare()
    {
        if (!TryEnter(SpareState.None, SpareState.Busy))
        {
            return RoomBytes > 0;
        }

        IFile? file = null;
        try
        {
            file = Allocate(files, _path, sizeBytes);
            file.Sync();
            files.SyncDirectory(directory); // after a power loss the restart may need the spare, see Adopt
            _spaceLow = false;
        }
        catch (StorageIoException e)
        {
            file?.Dispose();
            file = null;
            GiveBack(e);
        }
        finally
        {
            Publish(file);
        }

        return file is not null;
    }

    /// <summary>At start: keeps the spare of the process before if it is whole and untouched.</summary>
    /// <remarks>
    /// It reads all of it. A power loss can undo the rename of a spare and keep the bytes that were written to it afterwards,
    /// and recovery takes anything but zeros behind the last record for a torn tail.
    /// </remarks>
    public void Adopt()
    {
        if (!files.Exists(_path))
        {
            return;
        }

        var file = files.Open(_path, FileOpenMode.OpenExisting);
        if (file.Length == sizeBytes && IsZero(file))
        {
            file.Sync();
            Publish(file);
            return;
        }

        file.Dispose();
        files.Delete(_path);
    }

    /// <summary>Moves the spare to <paramref name="path"/> and hands it over; null when there is none of this size.</summary>
    /// <remarks>The rename is not synced here: both names end in .tmp and mean nothing. The caller syncs the directory with the
    /// segment's own name.</remarks>
    public IFile? TryTake(long capacity, string path)
    {
        if (capacity != sizeBytes || !TryEnter(SpareState.Ready, SpareState.Busy))
        {
            return null;
        }

        var file = _file;
        try
        {
            files.Rename(_path, path);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
        finally
        {
            Publish(null);
        }

        return file;
    }

    /// <summary>Remembers whether the last allocation met a full disk; null is success.</summary>
    /// <remarks>The writer sets the flag here, the background thread in Prepare. The later one wins, and the next attempt
    /// corrects it.</remarks>
    public void NoteAllocation(StorageIoException? failure) => _spaceLow = failure is { IsDiskFull: true };

    public void Close()
    {
        lock (_gate)
        {
            _file?.Dispose();
            _file = null;
            _state = SpareState.Closed;
        }
    }

    private static bool IsZero(IFile file)
    {
        var window = new FileWindow(file, file.Length);
        for (long offset = 0; offset < window.End; offset += FileWindow.BlockBytes)
        {
            if (window.At(offset, (int)Math.Min(FileWindow.BlockBytes, window.End - offset)).ContainsAnyExcept((byte)0))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryEnter(SpareState from, SpareState to)
    {
        lock (_gate)
        {
            var entered = _state == from;
            _state = entered ? to : _state;
            return entered;
        }
    }

    private void Publish(IFile? file)
    {
        lock (_gate)
        {
            Invariant.Check(_state != SpareState.Ready, "two spare segments");
            if (_state == SpareState.Closed)
            {
                file?.Dispose();
                return;
            }

            _file = file;
            _state = file is null ? SpareState.None : SpareState.Ready;
        }
    }

    /// <summary>A full disk is a state to live with: give back what was allocated. Anything else goes to the caller.</summary>
    private void GiveBack(StorageIoException failure)
    {
        if (!failure.IsDiskFull)
        {
            throw failure;
        }

        _spaceLow = true;
        if (files.Exists(_path))
        {
            files.Delete(_path);
        }
    }
}
