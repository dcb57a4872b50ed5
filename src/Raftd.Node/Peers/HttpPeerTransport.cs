using Microsoft.Extensions.Logging;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;

namespace Raftd.Node.Peers;

/// <summary>The transport of the product: per peer one stream for control messages and one for entries.</summary>
internal sealed class HttpPeerTransport(MemberIdentity self, ILogger logger) : IPeerTransport, IAsyncDisposable
{
    // Frames that may wait for a peer. Entries are bounded in bytes by the core's in-flight window before that.
    private const int ControlCapacity = 4096;
    private const int EntriesCapacity = 4096;

    // Guards _links and _closing. Streams are disposed outside it.
    private readonly Lock _gate = new();
    private readonly List<Task> _closing = [];
    private Dictionary<ulong, Link> _links = [];

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

    /// <summary>Tells every peer what this member's hash chain says.</summary>
    public void Broadcast(HashReport report)
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
            var links = new Dictionary<ulong, Link>();
            foreach (var member in members.Members)
            {
                if (member.Id == self.MemberId)
                {
                    continue;
                }

                var same = _links.TryGetValue(member.Id, out var link) && link.Peer.PeerAddress == member.PeerAddress;
                links.Add(member.Id, same ? link! : Open(member));
            }

            foreach (var link in _links.Values.Except(links.Values))
            {
                _closing.Add(link.CloseAsync());
            }

            _closing.RemoveAll(task => task.IsCompleted);
            _links = links;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Follow(MemberTable.Empty);
        await Task.WhenAll(_closing);
    }

    private Link Open(MemberInfo peer)
    {
        var handshake = new PeerHandshake(self.ClusterId, self.MemberId, peer.Id, self.Label, peer.Label);
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
