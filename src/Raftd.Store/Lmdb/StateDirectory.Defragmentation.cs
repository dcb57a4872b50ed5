// Defragmentation: the store in use is copied into a smaller file (CompactCopy) while it is read and written, and the copy
// takes its place. What a crash after each step leaves:
//
//   1. state.defragmenting/ made, filled step by step                        old (leftovers are removed at the next open)
//   2. the last step: both files hold the same; copy and directory synced    old
//   3. rename state.defragmenting/data.mdb to state/data.mdb                 old or new, which hold the same
//   4. state/ synced                                                         new
//   5. the handle switched: from here on writes go to the new file alone     new
//   6. state.defragmenting/ removed, with the new file's first lock files    new
//
// Each commit to the copy was synced by LMDB. A failure before 3 abandons the copy, and nothing has changed. Between 3 and 5 no
// write may go on, because a power loss could show either file; so a failure there must end the process (IsInDoubt).
//
// The copy stays open across its rename: LMDB holds its descriptors, and a retired file lives on without a name until its
// last reader ends. The locks of the new file are in state.defragmenting/, and have no name after step 6. Another process is
// kept out by state.lock, as ever.

using Raftd.Store.Buckets;
using Raftd.Store.Snapshots;

namespace Raftd.Store.Lmdb;

/// <summary>Where a defragmentation is; given to the test's hook after the step was done.</summary>
internal enum DefragmentationStep
{
    Begun,
    Copied,
    Synced,
    Renamed,
    DirectorySynced,
    Switched,
    LeftoversRemoved,
}

public sealed partial class StateDirectory
{
    /// <summary>Left on the disk for the log and the state, beside the copy.</summary>
    private const long ReservedBytes = 64L << 20;

    private const int NoSpace = 28; // ENOSPC

    private Defragmentation? _defragmentation;

    /// <summary>Throws to crash at that step.</summary>
    internal Action<DefragmentationStep> OnDefragmentation { get; set; } = static _ => { };

    /// <summary>Of pairs, in one step: what a flush may have to wait for.</summary>
    internal long DefragmentationStepBytes { get; set; } = 4 << 20;

    private string DefragmentingPath => Path.Combine(_dataDirectory, "state.defragmenting");

    public IDefragmentation BeginDefragmentation(PairCheck verify)
    {
        lock (_switching)
        {
            Invariant.Check(_defragmentation is null, "a defragmentation was begun while another was under way");
            var current = _current ?? throw new ObjectDisposedException(nameof(StateDirectory));
            if (!current.IsSettled)
            {
                throw new BucketStoreException(
                    BucketStoreFault.ReadersOpen, "readers of the file before the last defragmentation have not ended");
            }

            RequireRoom(current.UsedBytes);
            FileSystem.RemoveDirectory(DefragmentingPath);
            var copy = LmdbBucketStore.Open(DefragmentingPath, _options);
            _defragmentation = new Defragmentation(this, current, copy, verify);
            OnDefragmentation(DefragmentationStep.Begun);
            return _defragmentation;
        }
    }

    private void RequireRoom(long usedBytes)
    {
        var available = new DriveInfo(_dataDirectory).AvailableFreeSpace;
        if (available < usedBytes + ReservedBytes)
        {
            throw new BucketStoreException(
                BucketStoreFault.Full,
                $"a defragmentation needs about {usedBytes + ReservedBytes} bytes, and the data directory's disk has {available}: "
                + "free some space there");
        }
    }

    /// <summary>What stays is removed by the next defragmentation, or at the next start.</summary>
    private void TryRemoveDefragmenting()
    {
        try
        {
            FileSystem.RemoveDirectory(DefragmentingPath);
        }
        catch (BucketStoreException)
        {
            // Neither the state nor the copy depends on it.
        }
    }

    private sealed class Defragmentation : IDefragmentation
    {
        private readonly StateDirectory _directory;
        private readonly StoreHandle _current;
        private readonly LmdbBucketStore _target;
        private readonly CompactCopy _copy;
        private bool _isOver;

        public Defragmentation(StateDirectory directory, StoreHandle current, LmdbBucketStore target, PairCheck verify)
        {
            _directory = directory;
            _current = current;
            _target = target;
            _copy = current.BeginCopy(target, verify, directory.DefragmentationStepBytes);
            FormerBytes = current.SizeBytes;
        }

        public long FormerBytes { get; }

        public bool IsInDoubt { get; private set; }

        public bool Step()
        {
            lock (_directory._switching)
            {
                if (_isOver)
                {
                    throw new BucketStoreException(BucketStoreFault.ReadersOpen, "a snapshot was installed in the store's place");
                }

                Failpoint.Hit(
                    "defragment.step", static errno => new BucketStoreException(
                        errno == NoSpace ? BucketStoreFault.Full : BucketStoreFault.Io, $"copy: errno {errno}"));
                _copy.Step();
                if (!_copy.IsComplete)
                {
                    return true;
                }

                _directory.OnDefragmentation(DefragmentationStep.Copied);
                Switch();
                return false;
            }
        }

        public void Dispose()
        {
            lock (_directory._switching)
            {
                Abandon();
            }
        }

        /// <summary>Under the lock. Nothing where it is over.</summary>
        public void Abandon()
        {
            if (_isOver)
            {
                return;
            }

            End();
            _current.EndCopy();
            _target.Dispose();
            _directory.TryRemoveDefragmenting();
        }

        private void Switch()
        {
            var difference = _copy.Compare();
            Invariant.Check(difference is null, $"a defragmentation lost pairs: {difference}");
            FileSystem.Sync(Path.Combine(_directory.DefragmentingPath, LmdbBucketStore.DataFileName));
            FileSystem.Sync(_directory.DefragmentingPath);
            _directory.OnDefragmentation(DefragmentationStep.Synced);
            Failpoint.Hit("defragment.copied");
            IsInDoubt = true;
            Failpoint.Hit("defragment.rename", static errno => new BucketStoreException(BucketStoreFault.Io, $"rename: errno {errno}"));
            _target.RenameTo(_directory.DataPath);
            Failpoint.Hit("defragment.renamed");
            _directory.OnDefragmentation(DefragmentationStep.Renamed);
            FileSystem.Sync(_directory._statePath);
            _directory.OnDefragmentation(DefragmentationStep.DirectorySynced);
            _current.Switch(_target);
            End();
            IsInDoubt = false;
            Failpoint.Hit("defragment.switched");
            _directory.OnDefragmentation(DefragmentationStep.Switched);
            _directory.TryRemoveDefragmenting();
            _directory.OnDefragmentation(DefragmentationStep.LeftoversRemoved);
        }

        private void End()
        {
            _isOver = true;
            _directory._defragmentation = null;
        }
    }
}
