// Snapshots for peers that are too far behind, and for backups.
//
// The naive way streams from a read transaction of the state to the peer. The transaction then lives as long as the slowest
// peer needs, pins the pages of its moment, and keeps the store from growing; and a stream that breaks has to start again
// with another transaction, since nothing else shows the state of that moment. Here one loop writes the snapshot to a file
// at the disk's speed, and any number of streams read the file, from any chunk on, for as long as they take.
//
//   1. A request says which snapshot is recent enough, and whether it needs the log behind it (a peer does).
//   2. A finished spool is shared if it is recent enough and, for a peer, the log behind it is still whole.
//   3. Otherwise a new one is written, a slice in each step, while the log behind it is kept. Later requests get the new
//      one. Readers of the former read on, and its file goes with the last of them. There are at most two files: a request
//      that needs a third waits until the readers of one of them are done.
//   4. When the store must grow or close, the transaction ends within a slice, the file goes, and writing starts again at
//      the next tick. No stream notices, because streams have no transaction.
//   5. A full disk is found before the first write or in the middle of the file. The file goes, and the requests that wait
//      get the reason. The same when the disk fails: nothing durable rests on a spool, so the process goes on.
//   6. A backup never keeps a peer waiting: where both files are held, a peer waits, and one of them is held by backups alone,
//      those are told to end (SpooledSnapshot.Revoked). So a client may read as slowly as it likes until then.
//   7. Pairs are checked as they are written. A damaged pair ends the spool and stops the member (StateMachine.Damaged).
//
// If a new spool had to wait for the readers of the former one, a single reader that stands still would keep every other
// peer from its snapshot.

using Microsoft.Extensions.Logging;
using Raftd.State.Loops;
using Raftd.Store;
using Raftd.Store.Buckets;
using Raftd.Wal;

namespace Raftd.Node.Replication;

/// <summary>Writes snapshots and lends them. One per member.</summary>
internal sealed class SnapshotSpooler : ILoop, IDisposable
{
    private readonly StateMachine _state;
    private readonly LogPins _pins;
    private readonly SpoolDirectory _directory;
    private readonly SpoolOptions _options;
    private readonly ulong _clusterId;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    // Guards _arrived and _isStopped.
    private readonly Lock _gate = new();
    private readonly List<SpoolRequest> _arrived = [];
    private bool _isStopped;

    private readonly List<SpoolRequest> _waiting = [];
    private SpoolWriter? _writer;
    private SpooledSnapshot? _current;
    private SpooledSnapshot? _former;
    private ulong _lastId;
    private long _idleSince;
    private bool _mayBegin = true;

    /// <param name="state">Its flushed state is written.</param>
    /// <param name="pins">The pins of the log.</param>
    /// <param name="directory">Prepared.</param>
    /// <param name="options">Sizes and times.</param>
    /// <param name="clusterId">Written into each snapshot.</param>
    /// <param name="time">Monotonic time; only its timestamps are used.</param>
    /// <param name="logger">Gets a line for each spool, and for each failure.</param>
    public SnapshotSpooler(
        StateMachine state, LogPins pins, SpoolDirectory directory, SpoolOptions options, ulong clusterId, TimeProvider time,
        ILogger logger)
    {
        _state = state;
        _pins = pins;
        _directory = directory;
        _options = options;
        _clusterId = clusterId;
        _time = time;
        _logger = logger;
    }

    /// <summary>Set by the owner of the loop: called when there is something to do.</summary>
    public Action Wake { get; set; } = static () => { };

    /// <summary>Asks for a snapshot of this index or above. Any thread.</summary>
    /// <param name="minimumIndex">0 for any.</param>
    /// <param name="keepsLog">For a peer: the log behind the snapshot must be there, and stays (SpoolLease.TakePin).</param>
    /// <param name="answered">Called once, on the loop's thread, and not after Cancel: it must not wait.</param>
    public SpoolRequest Request(ulong minimumIndex, bool keepsLog, Action<SpoolAnswer> answered)
    {
        var request = new SpoolRequest(minimumIndex, keepsLog, answered);
        bool isStopped;
        lock (_gate)
        {
            isStopped = _isStopped;
            if (!isStopped)
            {
                _arrived.Add(request);
            }
        }

        if (isStopped)
        {
            request.Answer(Stopped);
        }

        Wake();
        return request;
    }

    public bool Step()
    {
        TakeArrived();
        var hasMore = _writer is not null && Write(_writer);
        Serve();
        if (_writer is null && _waiting.Count > 0 && _mayBegin)
        {
            hasMore |= TryBegin();
        }

        CloseFormer();
        return hasMore;
    }

    /// <summary>Lets a request that had to wait try again, and removes a spool that no request can use.</summary>
    public void Tick()
    {
        _mayBegin = true;
        if (_current is not { } current)
        {
            return;
        }

        if (current.Holders > 0)
        {
            _idleSince = _time.GetTimestamp();
        }
        else if (current.IsDamaged || !_pins.Covers(current.Meta.Index) || _time.GetElapsedTime(_idleSince) >= _options.IdleTime)
        {
            Retire(current);
        }
    }

    /// <summary>Answers the requests that still wait and removes the files. Called once the loop has stopped.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isStopped = true;
        }

        TakeArrived();
        EndWaiting(Stopped);
        if (_writer is { } writer)
        {
            Abort(writer);
        }

        if (_current is { } current)
        {
            _former = null;
            Retire(current);
        }
    }

    private static SpoolAnswer Stopped => new(null, SpoolFault.Stopped, "this member is stopping");

    private void TakeArrived()
    {
        lock (_gate)
        {
            _waiting.AddRange(_arrived);
            _arrived.Clear();
        }

        _waiting.RemoveAll(static request => request.IsCancelled);
    }

    /// <summary>Leases to all requests that the current spool satisfies, in the order in which they came.</summary>
    private void Serve()
    {
        if (_current is { IsDamaged: false } current)
        {
            _waiting.RemoveAll(request => TryServe(current, request));
        }
    }

    private bool TryServe(SpooledSnapshot snapshot, SpoolRequest request)
    {
        if (TryLease(snapshot, request) is not { } lease)
        {
            return false;
        }

        _idleSince = _time.GetTimestamp();
        request.Answer(new SpoolAnswer(lease));
        return true;
    }

    private SpoolLease? TryLease(SpooledSnapshot snapshot, SpoolRequest request)
    {
        if (snapshot.Meta.Index < request.MinimumIndex || (!request.KeepsLog && snapshot.Revoked.IsCancellationRequested))
        {
            return null;
        }

        var pin = request.KeepsLog ? _pins.TryAdd(snapshot.Meta.Index) : null;
        return request.KeepsLog && pin is null ? null : new SpoolLease(snapshot, pin, () => Wake());
    }

    /// <summary>Begins to write if the flushed state is recent enough for a request that waits. At most once a tick.</summary>
    /// <returns>True when there is more to do at once.</returns>
    private bool TryBegin()
    {
        var flushed = _state.FlushedIndex;
        if (flushed == 0 || !_waiting.Exists(request => request.MinimumIndex <= flushed))
        {
            return false;
        }

        if (_current is { } current)
        {
            if (_former is { } former && current.Holders > 0)
            {
                MakeRoomForPeers(former, current);
                return false;
            }

            Retire(current);
        }

        _mayBegin = false;
        try
        {
            RequireRoom();
            _writer = Begin(flushed);
            NodeLog.SpoolBegun(_logger, _writer.SnapshotIndex);
            return true;
        }
        catch (BucketStoreException notNow) when (notNow.Fault is BucketStoreFault.ReadersOpen or BucketStoreFault.ReadersFull)
        {
            return false;
        }
        catch (Exception failure) when (failure is BucketStoreException or StorageIoException)
        {
            Fail(failure);
            return false;
        }
    }

    private void MakeRoomForPeers(SpooledSnapshot former, SpooledSnapshot current)
    {
        if (!_waiting.Exists(static request => request.KeepsLog))
        {
            return;
        }

        var yielding = former.IsHeldByBackupsAlone ? former : current.IsHeldByBackupsAlone ? current : null;
        yielding?.Revoke();
    }

    /// <summary>The used size of the state estimates that of the snapshot: both hold the same pairs.</summary>
    private void RequireRoom()
    {
        var needed = _state.StoredSize().InUse + _options.ReserveBytes;
        var available = _directory.AvailableBytes;
        if (available < needed)
        {
            throw new BucketStoreException(
                BucketStoreFault.Full,
                $"a snapshot needs about {needed} bytes, and the data directory's disk has {available}: free some space there");
        }
    }

    private SpoolWriter Begin(ulong flushed)
    {
        // Pinned before it is opened: no entry that the snapshot does not hold can be deleted in between.
        var pin = _pins.AddWhatIsLeft(flushed);
        OpenedSnapshot? opened = null;
        try
        {
            opened = _state.OpenSnapshot(_clusterId);
            if (opened.Reader.MustYield)
            {
                // If both try at the same tick, this reader would be opened only to be closed again, and would keep the
                // store from growing each time, for ever.
                throw new BucketStoreException(BucketStoreFault.ReadersOpen, "the store waits for its readers to end");
            }

            pin.MoveTo(opened.Meta.Index);
            return new SpoolWriter(++_lastId, opened, _directory.Create(_lastId), pin, _options.ChunkBytes);
        }
        catch
        {
            opened?.Dispose();
            pin.Dispose();
            throw;
        }
    }

    /// <returns>True when there is more to write.</returns>
    private bool Write(SpoolWriter writer)
    {
        if (!IsWanted(writer))
        {
            Abort(writer);
            return false;
        }

        try
        {
            var progress = writer.WriteSlice(_options.SliceBytes);
            if (progress == SpoolProgress.Complete)
            {
                Finish(writer);
            }
            else if (progress == SpoolProgress.MustYield)
            {
                NodeLog.SpoolRestarted(_logger, writer.SnapshotIndex);
                Abort(writer);
            }

            return progress == SpoolProgress.Writing;
        }
        catch (Exception failure) when (failure is BucketStoreException or StorageIoException)
        {
            Abort(writer);
            Fail(failure);
            return false;
        }
    }

    /// <summary>Whether a request that waits can use it. A peer cannot once the log behind it may be deleted.</summary>
    private bool IsWanted(SpoolWriter writer) => _waiting.Exists(request => !request.KeepsLog || !writer.Pin.IsLost);

    /// <summary>Leases get pins of their own before the writer's pin ends.</summary>
    private void Finish(SpoolWriter writer)
    {
        _current = writer.Finish();
        _idleSince = _time.GetTimestamp();
        NodeLog.SpoolWritten(_logger, _current.Meta.Index, _current.TotalBytes, _current.ChunkCount);
        Serve();
        _writer = null;
        writer.Dispose();
    }

    private void Abort(SpoolWriter writer)
    {
        _writer = null;
        writer.Dispose();
        Delete(writer.Path);
    }

    private void Fail(Exception failure)
    {
        if (failure is BucketStoreException { Fault: BucketStoreFault.Corrupt } damage)
        {
            _state.Damaged(damage);
        }

        NodeLog.SpoolFailed(_logger, failure.Message);
        EndWaiting(new SpoolAnswer(null, FaultOf(failure), failure.Message));
    }

    private static SpoolFault FaultOf(Exception failure) => failure switch
    {
        BucketStoreException { Fault: BucketStoreFault.Corrupt } => SpoolFault.Damaged,
        BucketStoreException { Fault: BucketStoreFault.Full } or StorageIoException { IsDiskFull: true } => SpoolFault.NoSpace,
        _ => SpoolFault.Io,
    };

    private void EndWaiting(SpoolAnswer answer)
    {
        SpoolRequest[] ended = [.. _waiting];
        _waiting.Clear();
        foreach (var request in ended)
        {
            request.Answer(answer);
        }
    }

    /// <summary>Stops lending the snapshot. Its name goes now, its space with the last lease.</summary>
    private void Retire(SpooledSnapshot snapshot)
    {
        Delete(snapshot.Path);
        _current = null;
        if (snapshot.Holders == 0)
        {
            snapshot.Dispose();
        }
        else
        {
            Invariant.Check(_former is null, $"snapshots {_former?.Id} and {snapshot.Id} are both held and lent no more");
            _former = snapshot;
        }
    }

    private void CloseFormer()
    {
        if (_former is { Holders: 0 } former)
        {
            former.Dispose();
            _former = null;
        }
    }

    private void Delete(string path)
    {
        if (_directory.TryDelete(path) is { } failure)
        {
            NodeLog.SpoolLeft(_logger, failure.Message);
        }
    }
}
