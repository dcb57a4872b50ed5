using System.Buffers;
using Microsoft.Extensions.Logging;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;

namespace Raftd.Node.Peers;

/// <summary>The way to the peers: for each one stream for control messages and one for entries.</summary>
/// <remarks>
/// A member that is behind knows the members of a configuration of old from its log, perhaps none of those that lead the
/// cluster now. It must answer them all the same, or it would never catch up: so a peer with a stream open to this member
/// is a guest, spoken to at the address it gave, until its stream ends.
/// </remarks>
internal sealed class PeerTransport(
    MemberIdentity self, string ownAddress, IPeerWire wire, TimeProvider time, ILogger logger) : IPeerTransport
{
    // Bytes that may wait for a peer. The core bounds the entries under way before that, but for one large entry.
    private const int ControlBytes = 1 << 20;
    private const int EntriesBytes = 32 << 20;

    // Of the replica's thread and of the log's, who both send: the body of the last message with entries, for the next
    // peer that gets the same.
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _body;

    // Guards all below. Streams are closed outside it.
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, (MemberInfo Peer, int Streams)> _callers = [];
    private MemberTable _members = MemberTable.Empty;
    private bool _isClosed;

    // Replaced whole, under the lock; read without it.
    private volatile Dictionary<ulong, Link> _links = [];

    /// <summary>Told when a peer cannot be reached. Set before the first Follow.</summary>
    public Action<NodeId> Unreachable { get; set; } = static _ => { };

    /// <summary>Gets a peer's word that this member was removed. Set before the first Follow.</summary>
    public Action<ulong, RemovalNotice> ToldRemoved { get; set; } = static (_, _) => { };

    /// <summary>Begins to send a snapshot. Set before the first Follow.</summary>
    public Action<MemberInfo, Message> StartSnapshot { get; set; } = static (_, _) => { };

    /// <remarks>What a message has in common with the one before, its entries, is encoded once for all peers.</remarks>
    public void Send(IReadOnlyList<Message> messages)
    {
        var links = _links;
        var body = _body ??= new ArrayBufferWriter<byte>();
        IReadOnlyList<Entry>? encoded = null;
        Span<byte> head = stackalloc byte[PeerFrame.MessageHeadBytes];
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

            PeerFrame.WriteMessageHead(head, message, body.WrittenCount);
            (PeerPaths.IsEntries(message.Kind) ? link.Entries : link.Control).Send(head, body.WrittenSpan);
        }
    }

    public void SendSnapshot(NodeId to, Message header)
    {
        if (_links.TryGetValue(to.Value, out var link))
        {
            StartSnapshot(link.Peer, header);
        }
    }

    /// <summary>Tells every peer how this member is.</summary>
    public void Broadcast(MemberReport report)
    {
        var frame = PeerFrame.Of(report);
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

    /// <summary>For good.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            Relink();
        }
    }

    /// <summary>A buffer of the usual size again once a huge entry has blown it up.</summary>
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

    /// <summary>Opens what is missing and closes what is not needed any more. Under the lock.</summary>
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
