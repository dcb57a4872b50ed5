// The reader's loop: entries that left the core's memory, for followers that lag.
//
// They are not read on the replica's thread, where a disk that takes its time would hold up heartbeats and everybody's
// writes for one peer's sake; nor by the log's loop, where a read before a sync would delay every acknowledgement. The log
// may be read beside its writer: a read holds the segments it needs, and what the writer cuts off or replaces meanwhile is
// compared with the log by the core, which drops what is stale.
//
// Bounds: the core wants one piece at a time for each peer, of the size of a message (or one entry). A later request for a
// peer is that of a later leadership, and takes the place of the one before.

using Raftd.Node.Loops;
using Raftd.Raft;
using Raftd.Wal;

namespace Raftd.Node.Replication;

/// <param name="log">Only read.</param>
internal sealed class LogReader(WriteAheadLog log) : ILoop
{
    /// <summary>It has nothing to do at ticks.</summary>
    public static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(10);

    private readonly Mailbox<EntriesWanted> _inbox = new(int.MaxValue);
    private readonly List<EntriesWanted> _wanted = [];
    private List<EntriesWanted> _batch = [];

    /// <summary>Gets what was read, on the reader's thread; nothing where the log no longer has it. Set before the first
    /// step.</summary>
    public Action<EntriesWanted, IReadOnlyList<Entry>> Read { get; set; } = static (_, _) => { };

    /// <summary>Set by the owner of the loop: called when there is something to do.</summary>
    public Action Wake
    {
        set => _inbox.Wake = value;
    }

    public void Post(EntriesWanted wanted) => _inbox.Post(wanted);

    /// <summary>One piece a step, of the peer that has waited longest.</summary>
    /// <exception cref="WalCorruptException">The disk no longer has what was written.</exception>
    public bool Step()
    {
        _inbox.Take(ref _batch);
        foreach (var wanted in _batch)
        {
            _wanted.RemoveAll(earlier => earlier.Peer == wanted.Peer);
            _wanted.Add(wanted);
        }

        _batch.Clear();
        if (_wanted.Count == 0)
        {
            return false;
        }

        var next = _wanted[0];
        _wanted.RemoveAt(0);
        Read(next, EntriesOf(next));
        return _wanted.Count > 0;
    }

    public void Tick()
    {
    }

    private Entry[] EntriesOf(EntriesWanted wanted)
    {
        try
        {
            return WalRaftStorage.Read(log, wanted.Low, wanted.High, wanted.MaxBytes);
        }
        catch (LogCompactedException)
        {
            // Gone since it was asked for: the core finds that out by itself, and sends a snapshot.
            return [];
        }
    }
}
