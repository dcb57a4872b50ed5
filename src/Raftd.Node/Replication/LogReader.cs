// The reader's loop: entries that left the core's memory, for followers that lag.
//
// They are not read on the replica's thread, where a slow disk would hold up heartbeats and all writes for the sake of one
// peer; nor by the log's loop, where a read before a sync would delay every acknowledgement. The log may be read beside its
// writer: a read holds the segments it needs, and the core compares the result with the log as it is by then and drops what
// is stale.
//
// Bounds: the core asks for one piece at a time for each peer, of the size of a message (or one entry). A second request for
// a peer comes from a later leadership and replaces the first.

using Raftd.Raft;
using Raftd.State.Loops;
using Raftd.Wal;

namespace Raftd.Node.Replication;

/// <param name="log">Only read.</param>
internal sealed class LogReader(WriteAheadLog log) : ILoop
{
    /// <summary>Long, because nothing is done at ticks.</summary>
    public static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(10);

    private readonly Mailbox<EntriesWanted> _inbox = new(int.MaxValue);
    private readonly List<EntriesWanted> _wanted = [];
    private List<EntriesWanted> _batch = [];

    /// <summary>Called with the entries on the reader's thread; with none when the log no longer has them. Set before the first
    /// step.</summary>
    public Action<EntriesWanted, IReadOnlyList<Entry>> Read { get; set; } = static (_, _) => { };

    /// <summary>Set by the owner of the loop: called when there is something to do.</summary>
    public Action Wake
    {
        set => _inbox.Wake = value;
    }

    public void Post(EntriesWanted wanted) => _inbox.Post(wanted);

    /// <summary>Reads one piece, for the peer that has waited longest.</summary>
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
            // Deleted since the core asked: the core finds that out by itself and sends a snapshot.
            return [];
        }
    }
}
