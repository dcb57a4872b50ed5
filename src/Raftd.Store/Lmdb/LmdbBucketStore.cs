// The state on disk: one LMDB environment, one named database per bucket.
//
// The map is of fixed size, and the naive ways to live with that are to make it huge once and hope, or to grow it under
// open readers, which is a crash. Here a batch that finds it full (MDB_MAP_FULL, from a put or from the commit) is
// aborted, the readers are drained (ReaderPool), the map is doubled, the readers go on, and the batch runs again from
// its beginning on the state as it was before. The file itself grows as pages are written, never ahead of them.
//
// The lock file. LMDB keeps its reader table in lock.mdb, which it makes sparse and writes through a map: on a full disk
// the next new reader's slot would be a SIGBUS. So the file is written in full before LMDB opens it. (Not afterwards:
// closing a second descriptor of it would drop the POSIX locks that LMDB holds in this process.)
//
// A failed commit. Every page that a commit refers to is either written by it or was synced by an earlier one, so
// a commit that found the disk full may be tried again: its pages are all written anew. Any other failure (EIO above
// all) is sticky: the page cache may show what the disk lacks, and no later write of this object succeeds (failure 28
// of docs/failures.md).
// But LMDB itself reports EIO as well, when the disk takes only a part of a write: so an EIO on a disk without room is a
// full disk. If the disk is broken, too, the commit that is tried again says so once there is room.

using Raftd.Store.Buckets;

namespace Raftd.Store.Lmdb;

/// <summary>The store of a member, in one directory with data.mdb, lock.mdb (LMDB's readers) and store.lock (ours).</summary>
public sealed class LmdbBucketStore : IBucketStore
{
    internal const string DataFileName = "data.mdb";
    private const string OwnerFileName = "store.lock";
    private const string ReaderTableFileName = "lock.mdb";
    private const int ReaderSlotBytes = 64; // MDB_reader; two more of them are the header of the table

    /// <summary>Less than this is no room: the log, beside the state, may have freed a segment since the write failed.</summary>
    private const long LittleRoomBytes = 128L << 20;

    private readonly LmdbBucketStoreOptions _options;
    private readonly StoreLock _ownership;
    private readonly LightningEnvironment _environment;
    private readonly LightningDatabase[] _databases;
    private readonly ReaderPool _readers;
    private readonly Lock _writeLock = new(); // one write, growth or close at a time; taken before the pool's lock
    private volatile string _dataPath;
    private volatile bool _isClosed;
    private bool _isWriting;
    private BucketStoreException? _failure;

    private LmdbBucketStore(string directory, LmdbBucketStoreOptions options, StoreLock ownership)
    {
        _options = options;
        _ownership = ownership;
        _dataPath = Path.Combine(directory, DataFileName);
        var file = new FileInfo(_dataPath);
        RequireContent(file);

        WriteReaderTable(Path.Combine(directory, ReaderTableFileName), options.MaxReaders);
        _environment = new LightningEnvironment(directory, new EnvironmentConfiguration
        {
            MapSizeBytes = FirstMapSizeBytes(options, file.Exists ? file.Length : 0),
            MaxReaders = options.MaxReaders,
            MaxDatabases = BucketLimits.BucketCount,
        });
        try
        {
            FileSystem.Run("check", _dataPath, () => DataFileCheck.Run(_environment, _dataPath));
            _databases = OpenDatabases(_environment);
        }
        catch
        {
            _environment.Dispose();
            throw;
        }

        _readers = new ReaderPool(_environment, onClosed: () =>
        {
            _environment.Dispose();
            _ownership.Dispose();
            _isClosed = true;
        });
    }

    public long SizeBytes => new FileInfo(_dataPath).Length;

    public long UsedBytes
    {
        get
        {
            using var reader = new LmdbBucketReader(_readers, _databases);
            return reader.UsedBytes();
        }
    }

    /// <summary>Opens the store in a directory, making both if they are not there.</summary>
    /// <exception cref="BucketStoreException">InUse, Corrupt, Unavailable or Io.</exception>
    public static LmdbBucketStore Open(string directory, LmdbBucketStoreOptions? options = null)
    {
        LmdbLibrary.Require();
        FileSystem.MakeDirectory(directory);
        var ownership = StoreLock.Take(Path.Combine(directory, OwnerFileName));
        try
        {
            return new LmdbBucketStore(directory, options ?? new LmdbBucketStoreOptions(), ownership);
        }
        catch
        {
            ownership.Dispose();
            throw;
        }
    }

    public IBucketReader BeginRead() => new LmdbBucketReader(_readers, _databases);

    public void Write(Action<IBucketWriter> batch)
    {
        lock (_writeLock)
        {
            Invariant.Check(!_isWriting, "a batch wrote to its own store");
            ThrowIfFailed();
            _isWriting = true;
            try
            {
                while (!TryWrite(batch))
                {
                    Grow();
                }
            }
            finally
            {
                _isWriting = false;
            }
        }
    }

    /// <summary>Waits for readers as long as ReaderPatience; one that is still open then keeps the files open until it ends.</summary>
    public void Dispose()
    {
        lock (_writeLock)
        {
            _readers.TryDrain(_options.ReaderPatience);
            Close();
        }
    }

    /// <summary>Closes if no reader is open; otherwise asks those that are to end, and nothing else has changed.</summary>
    internal bool TryClose()
    {
        lock (_writeLock)
        {
            if (!_readers.TryHold())
            {
                return false;
            }

            Close();
            return true;
        }
    }

    /// <summary>The last reader of a retired or disposed store has ended, and its files are closed.</summary>
    internal bool IsClosed => _isClosed;

    /// <summary>Takes no new readers, and closes when the last of those that are open has ended: they are asked to.</summary>
    internal void Retire()
    {
        lock (_writeLock)
        {
            Close();
        }
    }

    /// <summary>Its file has another name from here on; LMDB holds the file and asks for no name.</summary>
    internal void RenameTo(string path)
    {
        FileSystem.Rename(_dataPath, path);
        _dataPath = path;
    }

    private static long FirstMapSizeBytes(LmdbBucketStoreOptions options, long fileBytes)
    {
        var size = options.InitialMapSizeBytes;
        while (size < 2 * fileBytes)
        {
            size *= 2;
        }

        return Math.Max(fileBytes, Math.Min(size, options.MaxMapSizeBytes));
    }

    private static void WriteReaderTable(string path, int maxReaders)
    {
        var bytes = (maxReaders + 2) * ReaderSlotBytes;
        using var file = FileSystem.OpenExclusive(path);
        if (file.Length != bytes)
        {
            FileSystem.Run("write", path, () =>
            {
                file.SetLength(0);
                file.Write(new byte[bytes]);
                file.Flush();
            });
        }
    }

    internal static void RequireContent(FileInfo file)
    {
        if (file is { Exists: true, Length: 0 })
        {
            // LMDB would take it for a new one and forget everything without a word.
            throw new BucketStoreException(BucketStoreFault.Corrupt, $"{file.FullName} is empty");
        }
    }

    internal static LightningDatabase[] OpenDatabases(LightningEnvironment environment, bool readOnly = false)
    {
        using var transaction = environment.BeginTransaction(readOnly);
        var databases = new LightningDatabase[BucketLimits.BucketCount];
        for (var i = 0; i < databases.Length; i++)
        {
            databases[i] = transaction.OpenDatabase(NameOf((Bucket)i));
        }

        transaction.Commit();
        return databases;
    }

    private static string NameOf(Bucket bucket) => bucket switch
    {
        Bucket.Meta => "meta",
        Bucket.Members => "members",
        Bucket.Revisions => "revisions",
        Bucket.Leases => "leases",
        Bucket.Auth => "auth",
        Bucket.Alarms => "alarms",
        _ => throw new ArgumentOutOfRangeException(nameof(bucket), bucket, "no such bucket"),
    };

    /// <summary>One run of the batch; false when the map was too small for it.</summary>
    private bool TryWrite(Action<IBucketWriter> batch)
    {
        using var transaction = _environment.BeginTransaction();
        using var writer = new LmdbBucketWriter(transaction, _databases);
        try
        {
            batch(writer);
        }
        catch (Exception) when (writer.MapIsFull)
        {
            return false; // the full map may have shown as another exception of the batch; growing it removes the cause
        }

        writer.Dispose();
        return !writer.MapIsFull && TryCommit(transaction);
    }

    private bool TryCommit(LightningTransaction transaction)
    {
        try
        {
            transaction.Commit();
            return true;
        }
        catch (LmdbException e) when (e.Kind == LmdbErrorKind.MapFull)
        {
            return false; // the commit needs pages too, for the list of free ones
        }
        catch (LmdbException e) when (e.Kind == LmdbErrorKind.Io && HasLittleRoom())
        {
            throw new BucketStoreException(BucketStoreFault.Full, $"no room for a commit of {_dataPath}", e);
        }
        catch (LmdbException e) when (e.Fault != BucketStoreFault.Full)
        {
            _failure = e;
            throw;
        }
    }

    private bool HasLittleRoom() => new DriveInfo(Path.GetDirectoryName(_dataPath)!).AvailableFreeSpace < LittleRoomBytes;

    private void Grow()
    {
        var size = _environment.Info.MapSizeBytes;
        if (size >= _options.MaxMapSizeBytes)
        {
            throw new LmdbException($"the map has its largest size of {size} bytes", (int)LmdbErrorKind.MapFull);
        }

        if (!_readers.TryDrain(_options.ReaderPatience))
        {
            throw new BucketStoreException(
                BucketStoreFault.ReadersOpen,
                $"readers stayed open for {_options.ReaderPatience} while the map of {size} bytes had to grow");
        }

        try
        {
            _environment.SetMapSize(Math.Min(2 * size, _options.MaxMapSizeBytes));
        }
        catch (LmdbException e)
        {
            _failure = e; // the old map is gone and there is no new one: nothing may read or write any more
            Close();
            throw;
        }

        _readers.Resume();
    }

    private void Close()
    {
        _failure ??= new BucketStoreException(BucketStoreFault.Io, "the store is closed");
        _readers.Close();
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            throw new BucketStoreException(failure.Fault, $"no write after a failure: {failure.Message}", failure);
        }
    }
}
