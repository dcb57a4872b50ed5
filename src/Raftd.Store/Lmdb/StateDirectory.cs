// The state directory and how a new state takes the old one's place.
//
//   <data-dir>/state.lock           flock, held while a StateDirectory is open
//   <data-dir>/state/data.mdb       the state in use; if this file is there, it is whole
//   <data-dir>/state.installing/    the state being installed; worth nothing until it is renamed
//   <data-dir>/state.defragmenting/ the same state on its way into a smaller file; likewise (StateDirectory.Defragmentation.cs)
//
// Copying into the old store would merge two states (failure 36 of docs/failures.md), and renaming directories has a
// moment without any.
// One rename of data.mdb over data.mdb has neither fault. What a crash after each step leaves:
//
//   1. state.installing/ made, filled and verified by its owner    old (leftovers are removed at the next open)
//   2. the former store closed, all its readers ended              old
//   3. the new store closed, its file and its directory synced     old
//   4. rename state.installing/data.mdb to state/data.mdb          old or new, the rename being atomic
//   5. state/ synced, then state.installing/                       new
//   6. state.installing/ removed                                   new
//   7. the new store opened as Current                             new
//
// A first start goes the same way with an empty store, so state/data.mdb never exists half made. LMDB's lock.mdb stays
// in state/: a process that opens it alone, as we do, starts it afresh.

using Raftd.Store.Buckets;

namespace Raftd.Store.Lmdb;

/// <summary>Where a switch is; given to the test's hook after the step was done.</summary>
internal enum StateInstallStep
{
    Begun,
    FormerClosed,
    NewClosed,
    NewSynced,
    Renamed,
    DirectorySynced,
    LeftoversRemoved,
    Opened,
}

/// <summary><c>&lt;data-dir&gt;/state</c> on a disk.</summary>
public sealed partial class StateDirectory : IStateDirectory
{
    private readonly string _dataDirectory;
    private readonly string _statePath;
    private readonly string _installingPath;
    private readonly LmdbBucketStoreOptions _options;
    private readonly Action<StateInstallStep> _onStep;
    private readonly StoreLock _ownership;
    private readonly Lock _switching = new(); // one switch at a time: an install's, or a step of a defragmentation
    private StoreHandle? _current;
    private LmdbBucketStore? _installing;
    private volatile bool _isHandedOver; // read by the receiver, cleared where the install ends

    private StateDirectory(
        string dataDirectory, LmdbBucketStoreOptions options, Action<StateInstallStep>? onStep, StoreLock ownership)
    {
        _dataDirectory = dataDirectory;
        _statePath = PathIn(dataDirectory);
        _installingPath = Path.Combine(dataDirectory, "state.installing");
        _options = options;
        _onStep = onStep ?? (static _ => { });
        _ownership = ownership;
    }

    public bool IsNew { get; private set; }

    public IBucketStore Current => _current ?? throw new ObjectDisposedException(nameof(StateDirectory));

    internal static string PathIn(string dataDirectory) => Path.Combine(dataDirectory, "state");

    private string DataPath => Path.Combine(_statePath, LmdbBucketStore.DataFileName);

    /// <summary>Opens the state of a data directory, removes what a crash left beside it, makes an empty one if none is there.</summary>
    /// <exception cref="BucketStoreException">InUse, Corrupt, Unavailable or Io.</exception>
    public static StateDirectory Open(string dataDirectory, LmdbBucketStoreOptions? options = null) =>
        Open(dataDirectory, options, onStep: null);

    internal static StateDirectory Open(
        string dataDirectory, LmdbBucketStoreOptions? options, Action<StateInstallStep>? onStep)
    {
        FileSystem.MakeDirectory(dataDirectory);
        FileSystem.RequireLocal(dataDirectory);
        var ownership = StoreLock.Take(Path.Combine(dataDirectory, "state.lock"));
        var directory = new StateDirectory(dataDirectory, options ?? new LmdbBucketStoreOptions(), onStep, ownership);
        try
        {
            directory.Open();
            return directory;
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    public IBucketStore BeginInstall()
    {
        AbandonInstall();
        _installing = LmdbBucketStore.Open(_installingPath, _options);
        _onStep(StateInstallStep.Begun);
        return _installing;
    }

    public bool TryCompleteInstall()
    {
        lock (_switching)
        {
            return TryReplace();
        }
    }

    private bool TryReplace()
    {
        Invariant.Check(_installing is not null, "an installation was completed that was never begun");
        if (_current is { } former && !former.TryClose())
        {
            return false;
        }

        // What it was about to replace is gone.
        _defragmentation?.Abandon();
        _current = null;
        _onStep(StateInstallStep.FormerClosed);
        Failpoint.Hit("install.closed");
        _installing.Dispose();
        _installing = null;
        _onStep(StateInstallStep.NewClosed);
        Switch();
        _current = new StoreHandle(LmdbBucketStore.Open(_statePath, _options));
        _isHandedOver = false;
        _onStep(StateInstallStep.Opened);
        return true;
    }

    public void HandOverInstall()
    {
        Invariant.Check(_installing is not null, "an installation was handed over that was never begun");
        _isHandedOver = true;
    }

    public void TakeBackInstall() => _isHandedOver = false;

    public void AbandonInstall()
    {
        Invariant.Check(!_isHandedOver, "an installation was thrown away that the core had not decided about");
        _installing?.Dispose();
        _installing = null;
        RemoveLeftovers();
    }

    /// <summary>Closes both stores; an installation that was not completed is removed at the next open.</summary>
    public void Dispose()
    {
        _installing?.Dispose();
        _installing = null;
        _defragmentation?.Dispose();
        _current?.Dispose();
        _current = null;
        _ownership.Dispose();
    }

    private void Open()
    {
        RemoveLeftovers();
        FileSystem.RemoveDirectory(DefragmentingPath);
        FileSystem.MakeDirectory(_statePath);
        FileSystem.Sync(_dataDirectory);
        if (File.Exists(DataPath))
        {
            _current = new StoreHandle(LmdbBucketStore.Open(_statePath, _options));
            return;
        }

        IsNew = true;
        BeginInstall();
        TryCompleteInstall();
    }

    private void Switch()
    {
        var newPath = Path.Combine(_installingPath, LmdbBucketStore.DataFileName);
        FileSystem.Sync(newPath);
        FileSystem.Sync(_installingPath);
        _onStep(StateInstallStep.NewSynced);
        FileSystem.Rename(newPath, DataPath);
        Failpoint.Hit("install.renamed");
        _onStep(StateInstallStep.Renamed);
        FileSystem.Sync(_statePath);
        FileSystem.Sync(_installingPath);
        _onStep(StateInstallStep.DirectorySynced);
        RemoveLeftovers();
        _onStep(StateInstallStep.LeftoversRemoved);
    }

    private void RemoveLeftovers() => FileSystem.RemoveDirectory(_installingPath);
}
