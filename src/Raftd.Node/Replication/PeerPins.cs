// The log that peers need to catch up, kept for them on every member.
//
// The naive way keeps the log behind a snapshot for as long as it is streamed. The peer then installs it and asks for the
// entries behind it, and if writes went on they are gone: it gets another snapshot, and another, and never catches up. So
// the leader keeps the log for a peer from the index of its snapshot on until the peer replicates within retention again.
// Worked through with a retention of 3 entries:
//
//   leader's log   peer m3                                    kept from
//   100 .. 120     snapshot at 105 begins                     106, for m3
//   100 .. 180     it is under way                            106
//   100 .. 210     installed; replicates, Match 140           141
//   ...            Match 298 of 300, within retention         298, as for every peer: the pin ends
//
//   1. A pin begins with a snapshot (Begin) and moves up with the peer's Match.
//   2. It ends when the peer replicates within retention, is removed, or has been silent for ten minutes. It is lost when
//      the log behind it grows beyond what pins may keep (LogPins.LoseBelow): the peer then starts again with another
//      snapshot, and the log and /status say so.
//   3. The leader tells every member the lowest index that a peer needs (LogNeed in MemberReport), and the others keep
//      their log from there too. A member believes the leader that it follows, in the same term. The last report holds for
//      ten minutes, because there may be no leader to send another.
//   4. A new leader does not know which peer needed the log. It pins that much for each peer, and the first
//      acknowledgements of peers that replicate within retention end their pins.
//   5. A member that starts keeps all the log it has until it hears from a leader or leads. So its restart deletes nothing
//      that the leader still asks for; and when the leader itself restarts, the next one has its last report.
//
// Invariants:
//   - Need names the lowest pin of the last tick, together with the term that it was made in: a follower never takes a
//     report of an earlier leadership for one of its leader.
//   - Each pin has one owner: the lease of a spool, then _begun, then _peers or _word. A pin that lost its owner would keep
//     the log for ever, so every path that drops a pin disposes it.
//
// The race at the beginning of 1: the log may be deleted between the request for a snapshot and its first byte. So the
// spooler pins the log before it opens the snapshot, and a lease has a pin of its own before the spooler's pin ends.
//
// Safety needs none of this: a pin that is forgotten costs a snapshot.

using Microsoft.Extensions.Logging;
using Raftd.Node.Peers;
using Raftd.Raft;

namespace Raftd.Node.Replication;

/// <summary>What a leader knows of one peer, as far as pins need it.</summary>
/// <param name="Replicates">The peer takes entries as they come, and its acknowledgements count.</param>
/// <param name="IsActive">The peer has answered lately.</param>
internal readonly record struct PeerNeed(NodeId Id, ulong Match, bool Replicates, bool IsActive)
{
    public static PeerNeed Of(Progress peer) =>
        new(peer.Id, peer.Match, peer.State == ProgressState.Replicate && !peer.Recovering, peer.RecentActive);
}

/// <summary>Ticked on the replica's thread.</summary>
internal sealed class PeerPins
{
    /// <summary>After this much silence of a peer or a leader its pins end.</summary>
    public static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(10);

    private readonly LogWriter _log;
    private readonly PeerReports _reports;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    // Guards _begun, which streams fill, and _need, which other threads read.
    private readonly Lock _gate = new();
    private readonly List<(NodeId Peer, LogPin Pin)> _begun = [];
    private LogNeed _need = LogNeed.None;

    // On a leader: the pin of each peer. On other members: the pin for the leader's last report, and when it came.
    private readonly SortedDictionary<NodeId, PeerPin> _peers = [];
    private LogPin? _word;
    private long _wordAt;
    private ulong _ledTerm;

    private readonly SortedSet<NodeId> _givenUp = [];
    private volatile NodeId[] _publishedGivenUp = [];

    /// <param name="log">Holds the pins, and says what it keeps without them.</param>
    /// <param name="reports">The last report of each peer.</param>
    /// <param name="time">Monotonic time; only its timestamps are used.</param>
    /// <param name="logger">Gets a line when a peer has to start again with another snapshot.</param>
    public PeerPins(LogWriter log, PeerReports reports, TimeProvider time, ILogger logger)
    {
        _log = log;
        _reports = reports;
        _time = time;
        _logger = logger;
        _word = log.Pins.AddWhatIsLeft(0);
        _wordAt = time.GetTimestamp();
    }

    /// <summary>The log that this member asks the others to keep. Any thread.</summary>
    public LogNeed Need
    {
        get
        {
            lock (_gate)
            {
                return _need;
            }
        }
    }

    /// <summary>Peers of this leader whose pin was lost, and which have not caught up since. Any thread.</summary>
    public IReadOnlyList<NodeId> GivenUp => _publishedGivenUp;

    /// <summary>The first byte of a snapshot is about to leave for the peer. The pin keeps the log behind it and is owned here
    /// from now on. Any thread.</summary>
    public void Begin(NodeId peer, LogPin pin)
    {
        lock (_gate)
        {
            _begun.Add((peer, pin));
        }
    }

    /// <summary>Called about ten times a second.</summary>
    public void Tick(RaftNode raft)
    {
        if (raft.Role == RaftRole.Leader)
        {
            Lead(raft.Term, [.. raft.Progress.Select(PeerNeed.Of)]);
        }
        else
        {
            Follow(raft.Term, raft.Leader);
        }
    }

    /// <summary>A tick of a leader.</summary>
    internal void Lead(ulong term, IReadOnlyList<PeerNeed> peers)
    {
        if (_ledTerm != term)
        {
            _ledTerm = term;
            TakeOver(peers);
        }

        foreach (var (peer, pin) in TakeBegun())
        {
            Replace(peer, pin);
        }

        foreach (var peer in peers)
        {
            Look(peer);
        }

        var ids = peers.Select(static peer => peer.Id).ToHashSet();
        foreach (var removed in _peers.Keys.Where(id => !ids.Contains(id)).ToArray())
        {
            End(removed);
        }

        _givenUp.IntersectWith(ids);
        Publish();
    }

    /// <summary>A tick of a member that does not lead.</summary>
    internal void Follow(ulong term, NodeId leader)
    {
        EndLeadership();
        if (_reports.Find(leader.Value) is { } report && report.Need.Term == term)
        {
            Hear(report.Need.Index);
        }
        else if (_word is not null && _time.GetElapsedTime(_wordAt) >= LongestSilence)
        {
            ForgetWord();
        }

        Publish();
    }

    /// <summary>Pins for each peer what the former leader asked for: this leader does not know which peer needed it.</summary>
    private void TakeOver(IReadOnlyList<PeerNeed> peers)
    {
        if (_word is not { } word)
        {
            return;
        }

        foreach (var peer in peers)
        {
            Replace(peer.Id, _log.Pins.AddWhatIsLeft(word.Index));
        }

        ForgetWord();
    }

    private void Replace(NodeId peer, LogPin pin)
    {
        if (_peers.Remove(peer, out var former))
        {
            former.Pin.Dispose();
        }

        _peers.Add(peer, new PeerPin(pin, _time.GetTimestamp()));
    }

    private void Look(PeerNeed peer)
    {
        var isLevel = peer.Replicates && peer.Match + 1 >= _log.RetainedFrom;
        if (isLevel)
        {
            _givenUp.Remove(peer.Id);
        }

        if (!_peers.TryGetValue(peer.Id, out var held))
        {
            return;
        }

        held.HeardAt = peer.IsActive ? _time.GetTimestamp() : held.HeardAt;
        if (held.Pin.IsLost)
        {
            NodeLog.LogPinLost(_logger, peer.Id.Value, held.Pin.Index, _log.MaxPinnedBytes());
            _givenUp.Add(peer.Id);
            End(peer.Id);
        }
        else if (isLevel || _time.GetElapsedTime(held.HeardAt) >= LongestSilence)
        {
            End(peer.Id);
        }
        else
        {
            held.Pin.MoveTo(peer.Match);
        }
    }

    private void End(NodeId peer)
    {
        if (_peers.Remove(peer, out var ended))
        {
            ended.Pin.Dispose();
        }
    }

    /// <summary>Keeps what this leader asked for until the next leader's report.</summary>
    private void EndLeadership()
    {
        foreach (var (_, pin) in TakeBegun())
        {
            pin.Dispose();
        }

        if (_peers.Count > 0)
        {
            Hear(_peers.Values.Min(static peer => peer.Pin.Index));
            foreach (var peer in _peers.Keys.ToArray())
            {
                End(peer);
            }
        }

        _ledTerm = 0;
        _givenUp.Clear();
    }

    /// <remarks>A report that needs less log than the one before moves the pin up; one that needs more gets what is left.</remarks>
    private void Hear(ulong index)
    {
        _wordAt = _time.GetTimestamp();
        if (index == ulong.MaxValue)
        {
            ForgetWord();
        }
        else if (_word is not { IsLost: false } word || word.Index > index)
        {
            var former = _word;
            _word = _log.Pins.AddWhatIsLeft(index);
            former?.Dispose();
        }
        else
        {
            word.MoveTo(index);
        }
    }

    private void ForgetWord()
    {
        _word?.Dispose();
        _word = null;
    }

    private (NodeId Peer, LogPin Pin)[] TakeBegun()
    {
        lock (_gate)
        {
            if (_begun.Count == 0)
            {
                return [];
            }

            (NodeId, LogPin)[] begun = [.. _begun];
            _begun.Clear();
            return begun;
        }
    }

    private void Publish()
    {
        lock (_gate)
        {
            _need = new LogNeed(_ledTerm, _peers.Count == 0 ? ulong.MaxValue : _peers.Values.Min(static peer => peer.Pin.Index));
        }

        if (!_givenUp.SequenceEqual(_publishedGivenUp))
        {
            _publishedGivenUp = [.. _givenUp];
        }
    }

    /// <summary>The pin of one peer, and when the peer answered last.</summary>
    private sealed class PeerPin(LogPin pin, long heardAt)
    {
        public LogPin Pin { get; } = pin;

        public long HeardAt { get; set; } = heardAt;
    }
}
