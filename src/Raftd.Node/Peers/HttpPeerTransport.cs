using Microsoft.Extensions.Logging;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;

namespace Raftd.Node.Peers;

/// <summary>The transport of the product: per peer one stream for control messages and one for entries.</summary>
/// <remarks>
/// A member that is behind knows the members of a configuration of old from its log, perhaps none of those that lead the
/// cluster now. It must answer them all the same, or it would never catch up: so a peer with a stream open to this member
/// is a guest, spoken to at the address it gave, until its stream ends.
/// </remarks>
internal sealed class HttpPeerTransport(MemberIdentity self, string ownAddress, ILogger logger)
    : IPeerTransport, IAsyncDisposable
{
    // Frames that may wait for a peer. Entries are bounded in bytes by the core's in-flight window before that.
    private const int ControlCapacity = 4096;
    private const int EntriesCapacity = 4096;

    // Guards all below. Streams are disposed outside it.
    private readonly Lock _gate = new();
    private readonly List<Task> _closing = [];
    private readonly Dictionary<ulong, (MemberInfo Peer, int Streams)> _callers = [];
    private MemberTable _members = MemberTable.Empty;
    private Dictionary<ulong, Link> _links = [];
    private bool _isDisposed;

    /// <summary>Told when a peer cannot be reached. Set before the first Follow.</summary>
    public Action<NodeId> Unreachable { get; set; } = static _ => { };

    /// <summary>Told when the leader says that this member was removed. Set before the first Follow.</summary>
    public Action<string> Removed { get; set; } = static _ => { };

    /// <summary>Streams a snapshot. Set before the first Follow.</summary>
    public Action<MemberInfo, Message> StartSnapshot { get; set; } = static (_, _) => { };

    public void Send(Message message)
    {
        if (!_links.TryGetValue(message.To.Value, out var link))
        {
            return;
        }

        if (message.Kind is MessageKind.MsgApp or MessageKind.MsgAppResp)
        {
            link.Entries.Send(message);
        }
        else
        {
            link.Control.Send(message);
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
        foreach (var link in _links.Values)
        {
            link.Control.Send(report);
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

    public async ValueTask DisposeAsync()
    {
        Task[] closing;
        lock (_gate)
        {
            _isDisposed = true;
            Relink();
            closing = [.. _closing];
        }

        await Task.WhenAll(closing);
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

    /// <summary>Opens what is missing and closes what nobody needs. Under the lock.</summary>
    private void Relink()
    {
        var links = new Dictionary<ulong, Link>();
        foreach (var peer in Wanted())
        {
            var same = _links.TryGetValue(peer.Id, out var link) && link.Peer.PeerAddress == peer.PeerAddress;
            links.Add(peer.Id, same ? link! : Open(peer));
        }

        foreach (var link in _links.Values.Except(links.Values))
        {
            _closing.Add(link.CloseAsync());
        }

        _closing.RemoveAll(task => task.IsCompleted);
        _links = links;
    }

    private IEnumerable<MemberInfo> Wanted()
    {
        if (_isDisposed)
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
        var handshake = new PeerHandshake(self.ClusterId, self.MemberId, peer.Id, self.Label, peer.Label)
        {
            FromAddress = ownAddress,
        };
        var options = new PeerLinkOptions(peer, handshake, id => Unreachable(id), reason => Removed(reason), logger);
        return new Link(
            peer,
            new PeerStream(options, PeerPaths.Control, ControlCapacity),
            new PeerStream(options, PeerPaths.Entries, EntriesCapacity));
    }

    private sealed record Link(MemberInfo Peer, PeerStream Control, PeerStream Entries)
    {
        public async Task CloseAsync()
        {
            await Control.DisposeAsync();
            await Entries.DisposeAsync();
        }
    }
}
