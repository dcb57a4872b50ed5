using System.Buffers;
using Microsoft.Extensions.Logging;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Peers;
using Raftd.Raft;

namespace Raftd.Node.Peers;

/// <summary>The way to the peers: two streams to each, one for control messages and one for entries.</summary>
/// <remarks>
/// Two, because a heartbeat must not wait behind a large entry: it would arrive late, and cause an election.
///
/// A member that is behind knows an old configuration from its log, and perhaps none of the members that lead the cluster
/// now. It must answer them all the same, or it never catches up. So a peer with a stream open to this member is a guest:
/// this member answers it at the address that the peer gave, until its last stream ends.
///
/// The links are replaced whole under the lock and read without it, because Send runs on the replica's and the log's thread
/// for every message. A Send that still has the old links writes into streams that are closed, and is dropped.
/// </remarks>
internal sealed class PeerTransport(
    MemberIdentity self, string ownAddress, IPeerWire wire, TimeProvider time, ILogger logger) : IPeerTransport
{
    // Bytes that may wait for a peer. The core bounds the entries under way below this, except for a single large entry.
    private const int ControlBytes = 1 << 20;
    private const int EntriesBytes = 32 << 20;

    // One for the replica's thread and one for the log's, since both send: the encoded body of the last message, for the
    // next peer that gets the same entries.
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _body;

    // Guards all below. Streams are opened and closed while it is held, so the lock of a stream comes after it.
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, (MemberInfo Peer, int Streams)> _callers = [];
    private MemberTable _members = MemberTable.Empty;
    private bool _isClosed;

    // Replaced whole, under the lock; read without it.
    private volatile Dictionary<ulong, Link> _links = [];

    /// <summary>Called when a peer cannot be reached. Set before the first Follow.</summary>
    public Action<NodeId> Unreachable { get; set; } = static _ => { };

    /// <summary>Called when a peer says that this member was removed. Set before the first Follow.</summary>
    public Action<ulong, RemovalNotice> ToldRemoved { get; set; } = static (_, _) => { };

    /// <summary>Begins to send a snapshot. Set before the first Follow.</summary>
    public Action<MemberInfo, Message> StartSnapshot { get; set; } = static (_, _) => { };

    /// <remarks>Entries that a message shares with the one before it are encoded once for all peers.</remarks>
    public void Send(IReadOnlyList<Message> messages)
    {
        var links = _links;
        var body = _body ??= new ArrayBufferWriter<byte>();
        IReadOnlyList<Entry>? encoded = null;
        Span<byte> head = stackalloc byte[RaftFrames.MessageHeadBytes];
        for (var i = 0; i < messages.Count; i++)
        {
            var message = messages[i];
            if (!links.TryGetValue(message.To.Value, out var link))
            {
                continue;
            }

            if (!ReferenceEquals(encoded, message.Entries) || message.Snapshot is not null)
            {
                body = EmptyBody();
                MessageCodec.EncodeBody(body, message);
                encoded = message.Entries;
            }

            RaftFrames.WriteMessageHead(head, message, body.WrittenCount);
            (RaftStreams.IsEntries(message.Kind) ? link.Entries : link.Control).Send(head, body.WrittenSpan);
        }
    }

    public void SendSnapshot(NodeId to, Message header)
    {
        if (_links.TryGetValue(to.Value, out var link))
        {
            StartSnapshot(link.Peer, header);
        }
    }

    /// <summary>Sends this member's report to every peer.</summary>
    public void Broadcast(MemberReport report)
    {
        var frame = RaftFrames.Of(report);
        foreach (var link in _links.Values)
        {
            link.Control.Send(frame, []);
        }
    }

    public void Follow(MemberTable members)
    {
        lock (_gate)
        {
            _members = members;
            Relink();
        }
    }

    /// <summary>A peer has opened a stream to this member.</summary>
    public void Welcome(PeerHandshake caller)
    {
        lock (_gate)
        {
            var streams = _callers.TryGetValue(caller.From, out var known) ? known.Streams : 0;
            _callers[caller.From] = (Guest(caller), streams + 1);
            Relink();
        }
    }

    /// <summary>One of its streams has ended.</summary>
    public void Leave(PeerHandshake caller)
    {
        lock (_gate)
        {
            var (peer, streams) = _callers[caller.From];
            _callers[caller.From] = (peer, streams - 1);
            if (streams == 1)
            {
                _callers.Remove(caller.From);
                Relink();
            }
        }
    }

    public void Tick()
    {
        foreach (var link in _links.Values)
        {
            link.Control.Tick();
            link.Entries.Tick();
        }
    }

    /// <summary>Ends all streams for good.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            Relink();
        }
    }

    /// <summary>An empty buffer, of the usual size again after a huge entry.</summary>
    private static ArrayBufferWriter<byte> EmptyBody()
    {
        const int UsualBytes = 256 << 10;
        if (_body!.Capacity > 4 * UsualBytes)
        {
            _body = new ArrayBufferWriter<byte>(UsualBytes);
        }

        _body.ResetWrittenCount();
        return _body;
    }

    private static MemberInfo Guest(PeerHandshake caller) => new()
    {
        Id = caller.From,
        Label = caller.FromLabel,
        HttpAddress = "",
        PeerAddress = caller.FromAddress,
        Instance = 0,
        Generator = 0,
        PromoteWhenCaughtUp = false,
    };

    /// <summary>Opens the links that are missing and closes those that are not needed any more. Under the lock.</summary>
    private void Relink()
    {
        var former = _links;
        var links = new Dictionary<ulong, Link>();
        foreach (var peer in Wanted())
        {
            var same = former.TryGetValue(peer.Id, out var link) && link.Peer.PeerAddress == peer.PeerAddress;
            links.Add(peer.Id, same ? link! : Open(peer));
        }

        _links = links;
        foreach (var link in former.Values.Except(links.Values))
        {
            link.Control.Close();
            link.Entries.Close();
        }
    }

    private IEnumerable<MemberInfo> Wanted()
    {
        if (_isClosed)
        {
            return [];
        }

        var guests = _callers.Values
            .Select(caller => caller.Peer)
            .Where(peer => peer.PeerAddress.Length > 0 && _members.Find(peer.Id) is null);
        return _members.Members.Concat(guests).Where(peer => peer.Id != self.MemberId);
    }

    private Link Open(MemberInfo peer)
    {
        var hello = new PeerHandshake(self.ClusterId, self.MemberId, peer.Id, self.Label, peer.Label)
        {
            FromAddress = ownAddress,
        };
        var options = new PeerLinkOptions(
            wire, peer, hello, id => Unreachable(id), (from, notice) => ToldRemoved(from, notice), time, logger);
        return new Link(
            peer,
            new PeerStream(options, PeerPaths.Control, ControlBytes),
            new PeerStream(options, PeerPaths.Entries, EntriesBytes));
    }

    private sealed record Link(MemberInfo Peer, PeerStream Control, PeerStream Entries);
}
