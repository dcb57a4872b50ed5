namespace Raftd.Wal;

/// <summary>A segment allocated ahead: a roll need not wait for 64 MiB of zeros, and a full disk is noticed early.</summary>
/// <remarks>
/// A background thread prepares it, the writer takes it. Work on the file is slow and is done outside the lock, in the
/// state Busy, which belongs to the thread that entered it; the lock guards only the change of state:
/// None, Busy (preparing), Ready, Busy (being renamed away), None.
/// </remarks>
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

    /// <summary>Makes the spare unless there is one. False: the disk is full, or another thread is at it.</summary>
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
            files.SyncDirectory(directory); // a restart after a power loss may need it, see Adopt
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
    /// <remarks>With a full disk it is the room that the restart itself needs.</remarks>
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
