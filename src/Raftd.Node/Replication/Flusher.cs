// The flusher's loop: what is frozen becomes one synced transaction, and the log may then delete it.
//
// One flush, in the order that keeps each entry in at least one durable place:
//
//   1. The transaction with the frozen half and the applied index is committed and synced.
//   2. The frozen half is dropped: readers find its records in the store (StateMachine.Flush).
//   3. The log hears how far the state is on disk, and may delete segments below that.
//   4. The applier may freeze the next half.
//
// A crash before 1 leaves the store as it was, and the log has the rest; a crash after it costs nothing. A full disk, and a
// reader that keeps the store from growing, leave the half frozen: the next tick tries again. Any other failure ends the
// loop, and with it the process.
//
// _frozen passes the half between two threads: the applier sets it only while it is null, the flusher clears it only after
// step 3. So there is at most one frozen half, and no lock.

using Microsoft.Extensions.Logging;
using Raftd.State.Loops;
using Raftd.Store;
using Raftd.Store.Buckets;
using Raftd.Wal;

namespace Raftd.Node.Replication;

/// <param name="state">Whose changes are flushed.</param>
/// <param name="wal">Its next segment is made here, ahead of need.</param>
/// <param name="log">Told how far the state is on disk.</param>
/// <param name="defragmenter">Copies between two flushes.</param>
/// <param name="logger">Gets a line when the disk is full, and when it has room again.</param>
internal sealed class Flusher(StateMachine state, WriteAheadLog wal, LogWriter log, Defragmenter defragmenter, ILogger logger) : ILoop
{
    private FrozenState? _frozen;
    private bool _isFull;

    /// <summary>True when the next half may be frozen.</summary>
    public bool IsIdle => Volatile.Read(ref _frozen) is null;

    /// <summary>Set by the owner of the loop: called when there is something to do.</summary>
    public Action Wake { get; set; } = static () => { };

    /// <summary>Called when a half has been flushed; the applier may have waited for it.</summary>
    public Action Flushed { get; set; } = static () => { };

    /// <summary>One at a time: only when idle.</summary>
    public void Post(FrozenState frozen)
    {
        Invariant.Check(IsIdle, "the second half of the overlay was frozen before the first was flushed");
        Volatile.Write(ref _frozen, frozen);
        Wake();
    }

    public bool Step()
    {
        var hasFlushed = !_isFull && TryFlush();
        return defragmenter.Step() || hasFlushed;
    }

    /// <summary>Tries again after a full disk; makes the log's next segment before it is needed.</summary>
    public void Tick()
    {
        TryFlush();
        wal.PrepareSpare();
    }

    private bool TryFlush()
    {
        var frozen = Volatile.Read(ref _frozen);
        if (frozen is null)
        {
            return false;
        }

        try
        {
            Failpoint.Hit("flush.begin");
            state.Flush(frozen);
            Failpoint.Hit("flush.done");
        }
        catch (BucketStoreException full) when (full.Fault == BucketStoreFault.Full)
        {
            // The log has everything, so nothing is lost. But none of it can be deleted, so it grows until there is room.
            NoteFull(full);
            return false;
        }
        catch (BucketStoreException waiting) when (waiting.Fault == BucketStoreFault.ReadersOpen)
        {
            // A reader kept the store from growing. Nothing was changed, and the next tick tries again.
            NodeLog.StateReadersOpen(logger, waiting.Message);
            return false;
        }

        NoteRoom();
        log.Flushed(state.FlushedIndex);
        Volatile.Write(ref _frozen, null);
        Flushed();
        return true;
    }

    private void NoteFull(BucketStoreException full)
    {
        if (!_isFull)
        {
            NodeLog.StateDiskFull(logger, full.Message);
        }

        _isFull = true;
    }

    private void NoteRoom()
    {
        if (_isFull)
        {
            NodeLog.StateDiskHasRoom(logger);
        }

        _isFull = false;
    }
}
