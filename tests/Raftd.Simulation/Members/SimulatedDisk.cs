using Raftd.Store.Buckets;
using Raftd.Testing.Buckets;
using Raftd.Testing.Disks;
using Raftd.Wal;

namespace Raftd.Simulation.Members;

/// <summary>What of a member survives a crash, and the places in it where a crash or a failure can be planted.</summary>
internal sealed class SimulatedDisk(Dice dice)
{
    // A map that doubles grows a few times only. While nothing reads the state, its growth shows nowhere.
    private const int MaxGrowthsPerStart = 3;
    private const double GrowthRate = 0.3;

    // The header says what the log is; without it the segment is not one.
    private const int SegmentHeaderBytes = 4096;

    private static readonly int[] Errors = [Errno.Io, Errno.Io, Errno.NoSpace, Errno.ReadOnly, Errno.QuotaExceeded];

    private readonly ModelStateDisk _state = new();
    private readonly ModelDamage _stateDamage = new(dice.ToRandom());
    private (string Path, byte[] Content)? _damage;
    private bool _crashesInRecovery;
    private int _operationsToCrash;
    private int _syncsToFailure;
    private int _callsToFailure;
    private int _stateWritesToCrash;
    private int _stateWritesToFailure;
    private bool _isFull;

    public MemoryFileSystem Files { get; private set; } = new();

    private IReadOnlyList<string> Segments => [.. Files.Paths.Where(path => path.EndsWith(".wal", StringComparison.Ordinal))];

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
        if (_crashesInRecovery)
        {
            _crashesInRecovery = false;
            _operationsToCrash = 1 + dice.Next(30);
        }

        var growths = 0;
        return new ModelStateDirectory(_state, store =>
        {
            store.OnWrite = OnStateWrite;
            store.MustGrow = () => store.OpenReaders > 0 && growths < MaxGrowthsPerStart && dice.Chance(GrowthRate) && ++growths > 0;
        })
        {
            OnInstall = moment => CrashIfDue(ref _stateWritesToCrash, $"at install, {moment}"),
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
            _stateWritesToCrash = 1 + dice.Next(9);
        }
    }

    /// <summary>A crash in the middle of one of the first operations of the next start.</summary>
    public void PlantCrashInRecovery() => _crashesInRecovery = true;

    /// <summary>Any error at one of the next calls, reads among them.</summary>
    public void PlantFailedCall() => _callsToFailure = 1 + dice.Next(60);

    /// <summary>An error of the disk in one of the next writes of the state.</summary>
    public void PlantFailedState() => _stateWritesToFailure = 1 + dice.Next(5);

    /// <summary>An error of the disk in one of the next writes or syncs of the log.</summary>
    public void PlantFailedSync() => _syncsToFailure = 1 + dice.Next(20);

    public void Crash(CrashLoss loss)
    {
        Files.BeforeOperation = null;
        Files = Files.Crash(loss, dice.ToRandom());
        Disarm();
        IsFull = _isFull;
    }

    /// <summary>Nothing goes wrong here any more.</summary>
    public void Mend()
    {
        _crashesInRecovery = false;
        Disarm();
        IsFull = false;
        Files.MendRot();
    }

    private void Disarm() =>
        _operationsToCrash = _syncsToFailure = _callsToFailure = _stateWritesToCrash = _stateWritesToFailure = 0;

    /// <summary>The member has seen the damage for what it is and refuses to start, as it must where the record is known to
    /// have been synced: an operator brings the bytes back.</summary>
    /// <returns>False when nothing was damaged.</returns>
    public bool TryRepair()
    {
        if (HasRot)
        {
            Files.MendRot();
            return true;
        }

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
        if (Segments is not [.., var last])
        {
            return "nothing to damage";
        }

        var bytes = Files.Get(last);
        var at = bytes.AsSpan().LastIndexOfAnyExcept((byte)0);
        if (at < SegmentHeaderBytes)
        {
            return $"{last} is empty";
        }

        _damage = (last, [.. bytes]);
        bytes[at] ^= (byte)(1 << dice.Next(8));
        Files.Put(last, bytes);
        return $"{last} at {at}";
    }

    /// <summary>A bit of the log that flipped is still to be found.</summary>
    public bool HasRot => Files.HasRot;

    /// <summary>Flips a bit anywhere in what the log holds.</summary>
    /// <returns>Where; null if the log is empty.</returns>
    public string? Rot()
    {
        if (Segments.Count == 0)
        {
            return null;
        }

        var segment = dice.Pick(Segments);
        var length = Files.Get(segment).AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        if (length == 0)
        {
            return null;
        }

        var at = dice.Next(length);
        Files.Rot(segment, at, (byte)(1 << dice.Next(8)));
        return $"{segment} at {at} of {length}";
    }

    /// <summary>Something of the state is not as it was written, noticed or not.</summary>
    public bool HasDamagedState => _state.IsDamaged;

    /// <summary>Flips a bit anywhere in the state.</summary>
    /// <returns>Where; null if it is empty.</returns>
    public string? RotState() => _stateDamage.Flip(_state);

    /// <summary>Takes some pairs out of the state.</summary>
    /// <returns>Which; null if it is empty.</returns>
    public string? LosePage() => _stateDamage.Lose(_state);

    /// <summary>What was damaged of the state is not part of it any more.</summary>
    public void AcceptState() => _state.Forget();

    private int OnFileOperation(FileOperation operation)
    {
        if (_callsToFailure > 0 && --_callsToFailure == 0)
        {
            return dice.Pick(Errors);
        }

        if (!operation.Changes)
        {
            return 0;
        }

        if (_operationsToCrash > 0 && --_operationsToCrash == 0)
        {
            throw new SimulatedCrashException(operation);
        }

        var mayFail = operation.Kind is FileOperationKind.Write or FileOperationKind.SyncData or FileOperationKind.Sync
            && operation.Path.EndsWith(".wal", StringComparison.Ordinal);
        return mayFail && _syncsToFailure > 0 && --_syncsToFailure == 0 ? Errno.Io : 0;
    }

    private void OnStateWrite(ModelWriteMoment moment)
    {
        CrashIfDue(ref _stateWritesToCrash, $"in a write of the state, {moment}");
        if (moment == ModelWriteMoment.BeforeCommit && _stateWritesToFailure > 0 && --_stateWritesToFailure == 0)
        {
            throw new BucketStoreException(BucketStoreFault.Io, "the simulated disk failed");
        }

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
