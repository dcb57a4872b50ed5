using Raftd.Store.Buckets;
using Raftd.Store.Snapshots;

namespace Raftd.Testing.Buckets;

/// <summary>A member's state directory as it survives a crash: the current disk. What was being installed does not.</summary>
public sealed class ModelStateDisk
{
    internal ModelDisk? Current { get; set; }

    /// <summary>Something of it is not as it was written, whether or not it is still stored (ModelDamage).</summary>
    public bool IsDamaged { get; internal set; }

    /// <summary>What was damaged was deleted since.</summary>
    public void Forget() => IsDamaged = false;
}

/// <summary>The moments of TryCompleteInstall at which a hook may crash.</summary>
public enum ModelInstallMoment
{
    BeforeSwitch,
    AfterSwitch,
}

/// <summary>The state directory in memory. A crash is an exception from a hook; then open a new one over the same disk.</summary>
public sealed class ModelStateDirectory : IStateDirectory
{
    private readonly ModelStateDisk _disk;
    private readonly Action<ModelBucketStore>? _onOpen;
    private ModelBucketStore _current;
    private ModelDisk? _installingDisk;
    private ModelBucketStore? _installing;
    private bool _isHandedOver;

    /// <param name="disk">What was there before.</param>
    /// <param name="onOpen">Sees each store that is opened, to set its hooks.</param>
    public ModelStateDirectory(ModelStateDisk disk, Action<ModelBucketStore>? onOpen = null)
    {
        _disk = disk;
        _onOpen = onOpen;
        IsNew = disk.Current is null;
        disk.Current ??= new ModelDisk();
        _current = OpenStore(disk.Current);
    }

    /// <summary>Throws to crash at that moment.</summary>
    public Action<ModelInstallMoment>? OnInstall { get; set; }

    public bool IsNew { get; }

    public IBucketStore Current => _current;

    public IBucketStore BeginInstall()
    {
        AbandonInstall();
        _installingDisk = new ModelDisk();
        _installing = OpenStore(_installingDisk);
        return _installing;
    }

    public bool TryCompleteInstall()
    {
        var newDisk = _installingDisk ?? throw new InvalidOperationException("nothing is being installed");
        if (_current.OpenReaders > 0)
        {
            _current.AsksReadersToYield = true;
            return false;
        }

        OnInstall?.Invoke(ModelInstallMoment.BeforeSwitch);
        _disk.Current = newDisk;
        _disk.IsDamaged = false;
        OnInstall?.Invoke(ModelInstallMoment.AfterSwitch);
        _current.Dispose();
        _isHandedOver = false;
        AbandonInstall();
        _current = OpenStore(newDisk);
        return true;
    }

    /// <summary>The model has no pages: a defragmentation takes its steps and changes nothing.</summary>
    public IDefragmentation BeginDefragmentation(PairCheck verify) => new ModelDefragmentation(_current);

    public void HandOverInstall()
    {
        _ = _installing ?? throw new InvalidOperationException("an installation was handed over that was never begun");
        _isHandedOver = true;
    }

    public void TakeBackInstall() => _isHandedOver = false;

    public void AbandonInstall()
    {
        if (_isHandedOver)
        {
            throw new InvalidOperationException("an installation was thrown away that the core had not decided about");
        }

        _installing?.Dispose();
        _installing = null;
        _installingDisk = null;
    }

    public void Dispose()
    {
        _isHandedOver = false;
        AbandonInstall();
        _current.Dispose();
    }

    private ModelBucketStore OpenStore(ModelDisk disk)
    {
        var store = new ModelBucketStore(disk);
        _onOpen?.Invoke(store);
        return store;
    }
}
