using Raftd.Peers;
using Raftd.Peers.Forwarding;
using Raftd.Sql.Database;
using Raftd.Sql.Fronts;

namespace Raftd.Sql.Peers;

/// <summary>The leading front as this one sees it, and the stream of its hints, which is its sign of life.</summary>
/// <param name="self">This front.</param>
/// <param name="board">Says who leads.</param>
/// <param name="commits">Told of hints.</param>
/// <param name="fronts">As last seen in the database, with the addresses where they listen.</param>
/// <param name="wire">Opens the stream.</param>
/// <param name="time">Monotonic time.</param>
internal sealed class LeadingFront(
    PeerIdentity self, FrontBoard board, CommitLoop commits, Func<IReadOnlyList<FrontRow>> fronts, IPeerWire wire, TimeProvider time)
    : ILeaderView
{
    // Hints come ten times a second at the least. Shorter than a client's patience, longer than a pause for garbage.
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(500);

    // Written on the peers' loop.
    private volatile HintLink? _link;

    /// <summary>Without hints the leader is not heard, and gets no calls.</summary>
    public Func<bool> WantsHints { get; set; } = static () => true;

    public LeaderSeen Leader
    {
        get
        {
            var leader = board.State.Last.Leader;
            var isHeard = leader != self.Id && _link is { } link && link.Leader.Id == leader && link.IsHeardWithin(Silence);
            return new LeaderSeen(leader, isHeard ? _link!.Leader : null, FencedBecause: null);
        }
    }

    public int FeatureLevel => Raftd.State.Commands.FeatureLevel.Newest;

    public bool ProposesAnywhere => true;

    /// <summary>The leader is another front, and its hints come.</summary>
    public bool IsHeard => Leader.Member is not null;

    /// <summary>Where another front that leads listens; null where it does not, or is not known yet.</summary>
    public PeerTarget? Place
    {
        get
        {
            var leader = board.State.Last.Leader;
            return leader != self.Id && fronts().FirstOrDefault(front => front.Id == leader) is { PeerAddress.Length: > 0 } front
                ? new PeerTarget(front.Id, front.Label, front.PeerAddress)
                : null;
        }
    }

    /// <summary>Keeps one stream open to the front that leads.</summary>
    public void Tick()
    {
        var place = board.Fence is null && WantsHints() ? Place : null;
        if (_link is { } old && old.Leader != place)
        {
            old.GiveUp();
            _link = null;
        }

        if (_link is { } link && link.IsOpening && time.GetElapsedTime(link.OpenedAt) >= PeerReconnect.OpenLimit)
        {
            link.GiveUp();
        }

        if (place is not null && (_link is null || (_link.IsOver && time.GetElapsedTime(_link.OpenedAt) >= PeerReconnect.LongestDelay)))
        {
            Open(place);
        }
    }

    public void Close() => _link?.GiveUp();

    private void Open(PeerTarget place)
    {
        var link = new HintLink(place, commits.Hint, time);
        link.Stream = wire.Open(
            place.Address, PeerPaths.Hints, new PeerHandshake(self.ClusterId, self.Id, place.Id, self.Label, place.Label), link);
        _link = link;
    }
}
