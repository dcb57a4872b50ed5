// Snapshots on their way out: at most one for each peer.
//
// The core asks for a snapshot once and waits for the report of its end: every start here ends with exactly one report, or
// the peer would wait for ever. After a failure the core probes the peer, finds that it still needs a snapshot, and asks
// again. The next attempt goes on where this one broke off, because the spool stays the same while the log behind it is
// kept.

using Microsoft.Extensions.Logging;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Peers;
using Raftd.Raft;
using Raftd.Store.Snapshots;

namespace Raftd.Node.Peers;

internal sealed class SnapshotDispatch(
    PeerLoopOptions options, IPeerWire wire, SnapshotSpooler spooler, PeerPins pins, Replica replica, TimeProvider time,
    ILogger logger)
{
    // Guards all below.
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, Attempt> _attempts = [];
    private bool _isClosed;

    /// <summary>Begins to send, unless an attempt is under way: then the core gets the report of that one.</summary>
    public void Start(MemberInfo peer, Message header)
    {
        lock (_gate)
        {
            if (_isClosed || _attempts.ContainsKey(peer.Id))
            {
                return;
            }

            var attempt = new Attempt(peer, header);
            _attempts.Add(peer.Id, attempt);
            attempt.Request = spooler.Request(minimumIndex: 0, keepsLog: true, answer => attempt.Answer = answer);
        }
    }

    /// <summary>Opens streams for finished spools, and reports attempts that have ended.</summary>
    public void Tick()
    {
        lock (_gate)
        {
            foreach (var attempt in _attempts.Values.ToArray())
            {
                Follow(attempt);
            }
        }
    }

    /// <summary>Ends all attempts for good, without reports: the core is stopping.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            foreach (var attempt in _attempts.Values)
            {
                attempt.Request!.Cancel();
                attempt.Sending?.GiveUp("this member is stopping");
                LetGo(attempt);
            }

            _attempts.Clear();
        }
    }

    private void Follow(Attempt attempt)
    {
        if (attempt.Sending is { } sending)
        {
            sending.Tick();
            if (sending.IsOver)
            {
                End(attempt, sending.Index, sending.IsInstalled, sending.Failure);
            }
        }
        else if (attempt.Answer is { } answer)
        {
            if (answer.Lease is { } lease)
            {
                Open(attempt, lease);
            }
            else
            {
                End(attempt, index: 0, isInstalled: false, answer.Reason);
            }
        }
    }

    private void Open(Attempt attempt, SpoolLease lease)
    {
        var snapshot = lease.Snapshot;
        var offer = new SnapshotOfferFrame(
            options.Start, snapshot.Id, (ulong)snapshot.ChunkCount, (ulong)snapshot.TotalBytes, Complete(attempt.Header, snapshot.Meta));
        var peer = attempt.Peer;
        var self = options.Self;
        var hello = new PeerHandshake(self.ClusterId, self.MemberId, peer.Id, self.Label, peer.Label);
        pins.Begin(new NodeId(peer.Id), lease.TakePin());
        var sending = new SnapshotSending(peer, offer, lease, time, logger);
        Failpoint.Hit("snapshot.send");
        sending.Stream = wire.Open(peer.PeerAddress, PeerPaths.Snapshot, hello, sending);
        sending.Stream.Wake();
        attempt.Sending = sending;
    }

    private void End(Attempt attempt, ulong index, bool isInstalled, string failure)
    {
        var peer = attempt.Peer;
        if (isInstalled)
        {
            NodeLog.SnapshotSent(logger, peer.Label, index);
        }
        else
        {
            NodeLog.SnapshotFailed(logger, peer.Label, index, failure);
        }

        LetGo(attempt);

        // In this order: the core may ask for the next snapshot as soon as it has the report, and it asks only once. If the
        // old attempt were still listed, that request would be lost.
        _attempts.Remove(peer.Id);
        replica.SnapshotEnded(new NodeId(peer.Id), index, isInstalled);
        Failpoint.Hit("snapshot.ended");
    }

    private static void LetGo(Attempt attempt)
    {
        if (attempt.Sending is { } sending)
        {
            sending.LetGo();
        }
        else
        {
            attempt.Answer?.Lease?.Dispose();
        }
    }

    private static Message Complete(Message header, SnapshotMeta meta) => new()
    {
        Kind = MessageKind.MsgSnap,
        From = header.From,
        To = header.To,
        Term = header.Term,
        Snapshot = new SnapshotMetadata(
            new EntryId(meta.Term, meta.Index),
            Configurations.Decode(meta.Configuration),
            meta.ConfigurationIndex),
    };

    private sealed class Attempt(MemberInfo peer, Message header)
    {
        // Set by the spooler's thread.
        private volatile object? _answer;

        public MemberInfo Peer => peer;

        public Message Header => header;

        public SpoolRequest? Request { get; set; }

        public SpoolAnswer? Answer
        {
            get => (SpoolAnswer?)_answer;
            set => _answer = value;
        }

        public SnapshotSending? Sending { get; set; }
    }
}
