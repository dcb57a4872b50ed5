// The log's loop: group commit.
//
// The naive way syncs once for each entry: at 0.14 ms a sync no more than 7 000 writes a second, however fast the rest is.
// Here a step takes everything that the replica has handed over since the last step, appends it all, and syncs once;
// while the disk works, the next batch gathers. Under load the batches grow and share the cost of a sync; without load a
// single entry waits for no other.
//
//   1. Take all works, append them in the order of their sequence numbers (AppendQueued).
//   2. Sync once, if any of them needs it (TrySync).
//   3. Send the messages that waited for it: votes, acknowledgements.
//   4. Report "durable up to n" to the replica, n being the last work of the batch.
//
// Invariants:
//   - A message that promises something leaves only after the sync that covers its work. A vote that left earlier could be
//     forgotten in a crash and given again (failures 1 and 2 of docs/failures.md).
//   - Works are never reordered and never skipped. A work that cannot be appended (a full disk, a snapshot that is not
//     installed yet) holds back all behind it.
//   - A failed sync is final: the exception ends this loop, and with it the process. Nothing of the batch was promised.
//
// A work that needs no sync (only the commit index moved) rides along: a crash may lose it, which only makes the next
// replay longer.
//
// Deleting takes three steps on two threads, because the core reads this log on its own thread and must not ask for an
// entry that has just been deleted:
//
//   this thread      Tick: decide what may go, and raise the floor of the pins (Pins.GiveUp); tell the replica (Releasing)
//   replica          the core's view of the log begins there from now on (WalRaftStorage.Release), then Release
//   this thread      the next Tick deletes the segments below it
//
// What may go is flushed to the state, pinned by no peer, and beyond what is retained for followers that lag.

using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Raftd.Raft;
using Raftd.State.Loops;
using Raftd.Wal;

namespace Raftd.Node.Replication;

internal sealed class LogWriter : ILoop
{
    private readonly WriteAheadLog _log;
    private readonly IPeerTransport _peers;
    private readonly long _retentionBytes;
    private readonly ILogger _logger;
    private readonly Mailbox<LogWork> _inbox = new(int.MaxValue);
    private readonly Queue<LogWork> _queue = new();
    private readonly List<LogWork> _unsynced = [];
    private readonly List<LogEntry> _records = [];
    private List<LogWork> _batch = [];
    private ulong _flushedIndex;
    private ulong _released;
    private ulong _retainedFrom;
    private bool _isFull;
    private bool _mustSync;

    /// <param name="log">Written by this loop alone; other threads may read it.</param>
    /// <param name="peers">Where promises go once they are durable.</param>
    /// <param name="retentionBytes">Bytes of log kept for followers that lag, even if the state has flushed them.</param>
    /// <param name="logger">Gets a line when the disk is full, and when it has room again.</param>
    public LogWriter(WriteAheadLog log, IPeerTransport peers, long retentionBytes, ILogger logger)
    {
        _log = log;
        _peers = peers;
        _retentionBytes = retentionBytes;
        _logger = logger;
        Pins = new LogPins(log.FirstIndex);
        _retainedFrom = Retained(log.Segments);
    }

    /// <summary>What must be kept for peers, even if the state has flushed it.</summary>
    public LogPins Pins { get; }

    /// <summary>How many bytes of log a pin may keep; one that needs more is lost. Called by any thread; set before the first
    /// step.</summary>
    public Func<long> MaxPinnedBytes { get; set; } = static () => long.MaxValue;

    /// <summary>The first entry that is kept for followers that lag, pinned or not. Any thread.</summary>
    public ulong RetainedFrom => Volatile.Read(ref _retainedFrom);

    /// <summary>Called with "durable up to this Ready" on the log's thread; set before the first step.</summary>
    public Action<ulong> Durable { get; set; } = static _ => { };

    /// <summary>Called with the index at which the log may begin from now on; the replica answers with Release.</summary>
    public Action<ulong> Releasing { get; set; } = static _ => { };

    /// <summary>Set by the owner of the loop: called when there is something to do.</summary>
    public Action Wake
    {
        set => _inbox.Wake = value;
    }

    /// <summary>Something outside the mailbox has changed: an installed snapshot.</summary>
    public void WakeUp() => _inbox.Wake();

    /// <summary>Bytes of the segments on disk.</summary>
    public long SizeBytes => _log.SizeBytes;

    public void Post(LogWork work)
    {
        // Often a batch is followed by a commit index that moved and nothing else. Waking two threads for that costs more
        // than it is worth: the next batch takes it along.
        if (work.MayWait)
        {
            _inbox.PostQuietly(work);
        }
        else
        {
            _inbox.Post(work);
        }
    }

    /// <summary>False when the disk has no room for these commands: they must not enter the log. Any thread.</summary>
    public bool HasRoomFor(IReadOnlyList<Proposal> proposals)
    {
        var bytes = 0L;
        foreach (var proposal in proposals)
        {
            bytes += proposal.Command.Length;
        }

        return !Volatile.Read(ref _isFull) && _log.TryReserve(bytes, proposals.Count);
    }

    /// <summary>The state has everything up to the index on disk. Any thread.</summary>
    public void Flushed(ulong index) => Volatile.Write(ref _flushedIndex, index);

    public bool Step()
    {
        if (_inbox.Take(ref _batch))
        {
            foreach (var work in _batch)
            {
                _queue.Enqueue(work);
            }

            _batch.Clear();
        }

        var appended = AppendQueued();
        return Commit() && appended;
    }

    /// <summary>Deletes segments that are not needed any more, and tries again after a full disk.</summary>
    public void Tick()
    {
        Commit();
        var released = Volatile.Read(ref _released);
        if (released > _log.FirstIndex)
        {
            _log.DeleteBelow(released);
        }

        var segments = _log.Segments;
        var retained = Retained(segments);
        Volatile.Write(ref _retainedFrom, retained);
        if (!Pins.IsEmpty)
        {
            Pins.LoseBelow(Math.Min(LowestPinnable(segments, MaxPinnedBytes()), LowestNeeded(retained)));
        }

        var covered = Pins.GiveUp(pinned => Covered(segments, retained, pinned));
        if (covered > Math.Max(released, _log.FirstIndex))
        {
            Releasing(covered);
        }
    }

    /// <summary>The core's view of the log now begins at this index: what is below may be deleted. Any thread.</summary>
    public void Release(ulong firstIndex) => Volatile.Write(ref _released, firstIndex);

    /// <summary>The first index of the newest segments that together hold at least the bytes retained for followers that lag.</summary>
    private ulong Retained(IReadOnlyList<SegmentInfo> segments)
    {
        var kept = segments.Sum(static segment => segment.SizeBytes);
        var first = segments[0].BaseIndex + 1;
        for (var i = 0; i + 1 < segments.Count; i++)
        {
            kept -= segments[i].SizeBytes;
            if (kept < _retentionBytes)
            {
                break;
            }

            first = segments[i + 1].BaseIndex + 1;
        }

        return first;
    }

    /// <summary>The first index of the newest segments that together hold at most this many bytes; the segment that is being
    /// written is always among them. 0 when all segments do.</summary>
    private static ulong LowestPinnable(IReadOnlyList<SegmentInfo> segments, long maxBytes)
    {
        var bytes = 0L;
        for (var i = segments.Count - 1; i >= 0; i--)
        {
            bytes += segments[i].SizeBytes;
            if (bytes > maxBytes)
            {
                return segments[Math.Min(i + 1, segments.Count - 1)].BaseIndex + 1;
            }
        }

        return 0;
    }

    /// <summary>The first index that is kept even without a pin. A pin there costs nothing and must not be lost: it may belong to
    /// a snapshot of everything flushed, for the very peer whose vote the next commit needs.</summary>
    private ulong LowestNeeded(ulong retained) => Math.Min(retained, Volatile.Read(ref _flushedIndex) + 1);

    /// <summary>The first index that must stay: flushed, not pinned, and beyond what is kept for followers that lag.</summary>
    private ulong Covered(IReadOnlyList<SegmentInfo> segments, ulong retained, ulong pinned)
    {
        var needed = Math.Min(retained, Math.Min(Volatile.Read(ref _flushedIndex), pinned) + 1);
        var first = 0UL;
        for (var i = 1; i < segments.Count && segments[i].BaseIndex + 1 <= needed; i++)
        {
            first = segments[i].BaseIndex + 1;
        }

        return first;
    }

    private bool AppendQueued()
    {
        var any = false;
        while (_queue.TryPeek(out var work) && TryPrepare(work))
        {
            _queue.Dequeue();
            Append(work);
            _unsynced.Add(work);
            any = true;
        }

        return any;
    }

    /// <summary>Whether the work can be appended now. If a snapshot replaces the log, the log is restarted first.</summary>
    /// <remarks>A reset is tried on a full disk too: if nothing waits for a sync, only the reset finds out that there is room
    /// again.</remarks>
    private bool TryPrepare(LogWork work) => work.Install is { } install ? TryReset(install, work.State) : !_isFull;

    private void Append(LogWork work)
    {
        Failpoint.Hit("log.append");
        foreach (var entry in work.Entries)
        {
            _records.Add(new LogEntry(entry.Term, entry.Index, (byte)entry.Kind, entry.Data));
        }

        // A reset has written the state already, in the new log's first segment.
        var state = work.Install is null && work.State is { } changed ? ToLogState(changed) : (LogState?)null;
        _log.Append(CollectionsMarshal.AsSpan(_records), state);
        _records.Clear();
        _mustSync |= work.MustSync;
    }

    /// <summary>Restarts the log after an installed snapshot; false while it is not installed or the disk is full.</summary>
    /// <remarks>
    /// The state first, the log second: a crash between the two finds a state ahead of its log, which the start mends. The
    /// other order would leave a log that begins after entries which no state has.
    /// </remarks>
    private bool TryReset(PendingInstall install, HardState? changed)
    {
        if (!install.IsInstalled || !Commit())
        {
            return false;
        }

        var state = changed is { } now ? ToLogState(now) : _log.State;
        try
        {
            Failpoint.Hit("log.reset");
            _log.Reset(install.Snapshot.Index, install.Snapshot.Term, state with { Commit = install.Snapshot.Index });
        }
        catch (WalSpaceException full)
        {
            NoteFull(full);
            return false;
        }

        Pins.Restart(_log.FirstIndex);
        Failpoint.Hit("log.restarted");
        NoteRoom();
        return true;
    }

    private static LogState ToLogState(HardState state) =>
        new(state.Term, state.Vote.Value, state.Commit, state.Recovering);

    /// <summary>One sync for everything appended, then the messages and the report that waited for it.</summary>
    /// <returns>False when the disk is full.</returns>
    private bool Commit()
    {
        if (_unsynced.Count == 0)
        {
            return true;
        }

        if (!TrySync())
        {
            return false;
        }

        Failpoint.Hit("log.synced");
        foreach (var work in _unsynced)
        {
            if (work.Messages.Count > 0)
            {
                _peers.Send(work.Messages);
            }
        }

        Failpoint.Hit("log.promised");
        var last = _unsynced[^1].Sequence;
        _unsynced.Clear();
        Durable(last);
        return true;
    }

    private bool TrySync()
    {
        try
        {
            if (_mustSync)
            {
                _log.Sync();
                _mustSync = false;
            }
        }
        catch (WalSpaceException full)
        {
            NoteFull(full);
            return false;
        }

        NoteRoom();
        return true;
    }

    /// <summary>Nothing was acknowledged and nothing is lost: the works stay, and are tried again at each tick.</summary>
    private void NoteFull(WalSpaceException full)
    {
        if (!_isFull)
        {
            NodeLog.LogDiskFull(_logger, full.Message);
        }

        Volatile.Write(ref _isFull, value: true);
    }

    private void NoteRoom()
    {
        if (_isFull)
        {
            NodeLog.LogDiskHasRoom(_logger);
            Volatile.Write(ref _isFull, value: false);
        }
    }
}
