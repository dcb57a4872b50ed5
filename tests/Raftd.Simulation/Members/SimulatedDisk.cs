using Raftd.Store.Buckets;
using Raftd.Store.Testing;
using Raftd.Testing;
using Raftd.Wal;

namespace Raftd.Simulation.Members;

/// <summary>What of a member survives a crash, and the places in it where a crash or a failure can be planted.</summary>
internal sealed class SimulatedDisk(Dice dice)
{
    // The header says what the log is; without it the segment is not one.
    private const int SegmentHeaderBytes = 4096;

    private readonly ModelStateDisk _state = new();
    private (string Path, byte[] Content)? _damage;
    private int _operationsToCrash;
    private int _operationsToFailure;
    private int _writesToCrash;
    private bool _isFull;

    public MemoryFileSystem Files { get; private set; } = new();

    /// <summary>While full, nothing new is allocated and the state takes no write.</summary>
    public bool IsFull
    {
        get => _isFull;
        set
        {
            _isFull = value;
            Files.CapacityBytes = value ? Files.UsedBytes : long.MaxValue;
        }
    }

    /// <summary>The next start's view of the state.</summary>
    public ModelStateDirectory OpenState()
    {
        Files.BeforeOperation = OnFileOperation;
        return new ModelStateDirectory(_state, store => store.OnWrite = OnStateWrite)
        {
            OnInstall = moment => CrashIfDue(ref _writesToCrash, $"at install, {moment}"),
        };
    }

    /// <summary>A crash in the middle of one of the next operations.</summary>
    public void PlantCrash()
    {
        if (dice.Chance(0.7))
        {
            _operationsToCrash = 1 + dice.Next(40);
        }
        else
        {
            _writesToCrash = 1 + dice.Next(9);
        }
    }

    /// <summary>An error of the disk in one of the next writes or syncs of the log.</summary>
    public void PlantFailure() => _operationsToFailure = 1 + dice.Next(20);

    public void Crash(CrashLoss loss)
    {
        Files.BeforeOperation = null;
        Files = Files.Crash(loss, dice.ToRandom());
        _operationsToCrash = _operationsToFailure = _writesToCrash = 0;
        IsFull = _isFull;
    }

    /// <summary>The member has seen the damage for what it is and refuses to start, as it must where the record is known to
    /// have been synced: an operator brings the bytes back.</summary>
    /// <returns>False when nothing was damaged.</returns>
    public bool TryRepair()
    {
        if (_damage is not { } damage)
        {
            return false;
        }

        Files.Put(damage.Path, damage.Content);
        _damage = null;
        return true;
    }

    /// <summary>The member has started on the disk as it is.</summary>
    public void Accept() => _damage = null;

    /// <summary>Flips a bit in the last byte written of the last segment.</summary>
    public string DamageLastRecord()
    {
        var last = Files.List("/wal").LastOrDefault(name => name.EndsWith(".wal", StringComparison.Ordinal));
        if (last is null)
        {
            return "nothing to damage";
        }

        var bytes = Files.Get($"/wal/{last}");
        var at = bytes.AsSpan().LastIndexOfAnyExcept((byte)0);
        if (at < SegmentHeaderBytes)
        {
            return $"{last} is empty";
        }

        _damage = ($"/wal/{last}", [.. bytes]);
        bytes[at] ^= (byte)(1 << dice.Next(8));
        Files.Put($"/wal/{last}", bytes);
        return $"{last} at {at}";
    }

    private int OnFileOperation(FileOperation operation)
    {
        if (!operation.Changes)
        {
            return 0;
        }

        if (_operationsToCrash > 0 && --_operationsToCrash == 0)
        {
            throw new SimulatedCrashException(operation);
        }

        var mayFail = operation.Kind is FileOperationKind.Write or FileOperationKind.SyncData or FileOperationKind.Sync;
        return mayFail && _operationsToFailure > 0 && --_operationsToFailure == 0 ? Errno.Io : 0;
    }

    private void OnStateWrite(ModelWriteMoment moment)
    {
        CrashIfDue(ref _writesToCrash, $"in a write of the state, {moment}");
        if (_isFull && moment == ModelWriteMoment.BeforeBatch)
        {
            throw new BucketStoreException(BucketStoreFault.Full, "the simulated disk is full");
        }
    }

    private static void CrashIfDue(ref int counter, string where)
    {
        if (counter > 0 && --counter == 0)
        {
            throw new ModelCrashException(where);
        }
    }
}
