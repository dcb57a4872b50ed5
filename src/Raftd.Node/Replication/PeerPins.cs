// The log that peers need to catch up, kept for them on every member.
//
// The naive way keeps the log behind a snapshot for as long as it is streamed. The peer then installs it, asks for the
// entries behind it, and under writes they are gone: it gets another snapshot, and another, and never catches up. So the
// leader keeps the log for a peer from the index of its snapshot on until the peer replicates within retention again.
// Worked through with retention of 3 entries:
//
//   leader's log   peer m3                                    kept from
//   100 .. 120     snapshot at 105 begins                     106, for m3
//   100 .. 180     it is under way                            106
//   100 .. 210     installed; replicates, Match 140           141
//   ...            Match 298 of 300, within retention         298, for everyone alike: the pin goes
//
//   1. A pin begins with a snapshot (Begin) and moves up with the peer's Match.
//   2. It ends when the peer replicates within retention, is removed, or has been silent for ten minutes. It is lost when
//      the log behind it grows beyond what pins may keep (LogPins.LoseBelow): the peer then begins anew with another
//      snapshot, the log and /status say so.
//   3. The leader tells everyone the lowest index that a peer needs (LogNeed in MemberReport), and the others keep their
//      log from there too. A leader counts while it is the one that this member follows, in the same term; what it said
//      last holds for ten minutes, for there may be no leader to say more.
//   4. A new leader does not know which peer it was. It keeps that much for each, and the first acknowledgements of those
//      that are level end it for them.
//   5. A member that starts keeps all the log it has until it hears a leader or leads. So a restart forgets nothing that
//      the leader still knows of; and where the leader itself restarts, the next one knows it from its word.
//
// None of it is needed for safety: a pin that is forgotten costs a snapshot.

using Microsoft.Extensions.Logging;
using Raftd.Node.Peers;
using Raftd.Raft;

namespace Raftd.Node.Replication;

/// <summary>What a leader knows of one peer, as far as it matters here.</summary>
/// <param name="Replicates">It takes entries as they come, and what it acknowledged counts.</param>
/// <param name="IsActive">It was heard of lately.</param>
internal readonly record struct PeerNeed(NodeId Id, ulong Match, bool Replicates, bool IsActive)
{
    public static PeerNeed Of(Progress peer) =>
        new(peer.Id, peer.Match, peer.State == ProgressState.Replicate && !peer.Recovering, peer.RecentActive);
}

/// <summary>Ticked on the replica's thread.</summary>
internal sealed class PeerPins
{
    /// <summary>A peer, or a leader, that is silent for so long is not waited for.</summary>
    public static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(10);

    private readonly LogWriter _log;
    private readonly PeerReports _reports;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    // Guards _begun, which streams fill, and _need, which others read.
    private readonly Lock _gate = new();
    private readonly List<(NodeId Peer, LogPin Pin)> _begun = [];
    private LogNeed _need = LogNeed.None;

    // Of a leader: what each peer needs. Of the others: what the leader said.
    private readonly SortedDictionary<NodeId, PeerPin> _peers = [];
    private LogPin? _word;
    private long _wordAt;
    private ulong _ledTerm;

    private readonly SortedSet<NodeId> _givenUp = [];
    private volatile NodeId[] _publishedGivenUp = [];

    /// <param name="log">Its pins, and what it keeps without them.</param>
    /// <param name="reports">What the peers said last.</param>
    /// <param name="time">Monotonic time; only its timestamps are used.</param>
    /// <param name="logger">Told when a peer has to begin anew.</param>
    public PeerPins(LogWriter log, PeerReports reports, TimeProvider time, ILogger logger)
    {
        _log = log;
        _reports = reports;
        _time = time;
        _logger = logger;
        _word = log.Pins.AddWhatIsLeft(0);
        _wordAt = time.GetTimestamp();
    }

    /// <summary>What this member says to the others. Any thread.</summary>
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

    /// <summary>Peers of this leader whose pin was lost, and who have not caught up since. Any thread.</summary>
    public IReadOnlyList<NodeId> GivenUp => _publishedGivenUp;

    /// <summary>A snapshot begins on its way to the peer; the pin keeps the log behind it, and is owned here from now on. Any
    /// thread.</summary>
    public void Begin(NodeId peer, LogPin pin)
    {
        lock (_gate)
        {
            _begun.Add((peer, pin));
        }
    }

    /// <summary>About ten times a second.</summary>
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

    /// <summary>What the former leader asked for, for each peer: which one it was is not known.</summary>
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

    /// <summary>The next leader has not said anything yet: until then, what this one would have said.</summary>
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

    /// <remarks>A word that asks for less log than the one before moves the pin up; one that asks for more gets what is left.</remarks>
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

    /// <summary>What one peer needs, and when it was heard of last.</summary>
    private sealed class PeerPin(LogPin pin, long heardAt)
    {
        public LogPin Pin { get; } = pin;

        public long HeardAt { get; set; } = heardAt;
    }
}
