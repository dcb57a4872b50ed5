using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Node.Peers;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.Testing.Clocks;
using Raftd.Testing.Disks;
using Raftd.Wal;

namespace Raftd.Node.Tests;

/// <summary>The log that stays for a peer which catches up by a snapshot (failure 21 of docs/failures.md).</summary>
public sealed class PeerPinsTests : IDisposable
{
    private const int EntryBytes = 7000;
    private const ulong Term = 3;

    private static readonly NodeId Lagging = new(2);
    private static readonly NodeId Level = new(3);
    private static readonly NodeId Leader = new(4);

    private readonly WriteAheadLog _wal;
    private readonly LogWriter _log;
    private readonly ManualTime _time = new();
    private readonly PeerReports _reports;
    private readonly PeerPins _pins;
    private long _maxPinnedBytes = long.MaxValue;

    public PeerPinsTests()
    {
        _wal = WriteAheadLog.Open(
            new MemoryFileSystem(), "/wal", new WalOptions { SegmentSizeBytes = 64 << 10, MaxRecordBytes = 8 << 10, ReserveBytes = 4096 });
        _log = new LogWriter(_wal, new NoTransport(), retentionBytes: 64 << 10, NullLogger.Instance)
        {
            MaxPinnedBytes = () => _maxPinnedBytes,
        };
        _log.Releasing = _log.Release;
        _reports = new PeerReports(_time);
        _pins = new PeerPins(_log, _reports, _time, NullLogger.Instance);
        Write(10);
    }

    public void Dispose() => _wal.Dispose();

    [Fact]
    public void Snapshot_LogBehindItStays_UntilThePeerReplicatesWithinRetention()
    {
        Lead(Behind());
        Begin(Lagging, index: 10);
        Lead(Behind());
        Write(100);
        Assert.InRange(_wal.FirstIndex, 1UL, 11UL);
        Assert.Equal(new LogNeed(Term, 10), _pins.Need);

        // Installed and on its way: what it has acknowledged is not needed any more.
        Lead(Replicating(60));
        Write(10);
        Assert.InRange(_wal.FirstIndex, 40UL, 61UL);
        Assert.Equal(new LogNeed(Term, 60), _pins.Need);

        Lead(Replicating(_log.RetainedFrom - 1));
        Assert.Equal(new LogNeed(Term, ulong.MaxValue), _pins.Need);
        Write(10);
        Assert.Equal(_log.RetainedFrom, _wal.FirstIndex);
    }

    /// <summary>A peer that has what retention keeps, and is probed still, or may have lost it, is not there yet.</summary>
    [Fact]
    public void Peer_WithinRetentionAndNotReplicating_KeepsItsPin()
    {
        Lead(Behind());
        Begin(Lagging, index: 10);
        Lead(new PeerNeed(Lagging, Match: 10, Replicates: false, IsActive: true));
        Assert.Equal(10UL, _pins.Need.Index);
    }

    [Fact]
    public void Peer_SilentForTenMinutes_LosesItsPinAndNotBefore()
    {
        Lead(Behind());
        Begin(Lagging, index: 10);
        Lead(Behind());
        _time.Advance(PeerPins.LongestSilence / 2);
        Lead(Behind());
        _time.Advance(PeerPins.LongestSilence - TimeSpan.FromSeconds(1));
        Lead(Behind() with { IsActive = false });
        Assert.Equal(10UL, _pins.Need.Index);

        _time.Advance(TimeSpan.FromSeconds(1));
        Lead(Behind() with { IsActive = false });
        Assert.Equal(ulong.MaxValue, _pins.Need.Index);
        Assert.Empty(_pins.GivenUp);
    }

    [Fact]
    public void Peer_Removed_LosesItsPin()
    {
        Lead(Behind());
        Begin(Lagging, index: 10);
        Lead(Behind());
        _pins.Lead(Term, [new PeerNeed(Level, 10, Replicates: true, IsActive: true)]);
        Assert.Equal(ulong.MaxValue, _pins.Need.Index);
    }

    [Fact]
    public void Peer_WhoseLogGrowsBeyondTheBound_BeginsAnewAndIsNamedUntilItHasCaughtUp()
    {
        _maxPinnedBytes = 4 * (64 << 10);
        Lead(Behind());
        var pin = Begin(Lagging, index: 10);
        Write(20);
        Lead(Behind());
        Assert.Equal(10UL, _pins.Need.Index);

        Write(50);
        Lead(Behind());
        Assert.True(pin.IsLost);
        Assert.Equal([Lagging], _pins.GivenUp);
        Assert.Equal(ulong.MaxValue, _pins.Need.Index);
        Assert.InRange(_wal.SizeBytes, 0, _maxPinnedBytes);

        // Its next snapshot.
        Begin(Lagging, index: 80);
        Lead(Behind());
        Assert.Equal(80UL, _pins.Need.Index);
        Assert.Equal([Lagging], _pins.GivenUp);
        Lead(Replicating(80));
        Assert.Empty(_pins.GivenUp);
    }

    [Fact]
    public void Peer_SentAnotherSnapshot_MovesItsPin()
    {
        Lead(Behind());
        Begin(Lagging, index: 10);
        Lead(Behind());
        Write(30);
        Begin(Lagging, index: 40);
        Lead(Behind());
        Assert.Equal(40UL, _pins.Need.Index);
        Write(10);
        Assert.InRange(_wal.FirstIndex, 20UL, 41UL);
    }

    [Fact]
    public void Follower_KeepsWhatItsLeaderAsksFor_ForTenMinutes()
    {
        Hear(Leader, Term, index: 10);
        Write(50);
        Assert.InRange(_wal.FirstIndex, 1UL, 11UL);
        Hear(Leader, Term, index: 40);
        Write(10);
        Assert.InRange(_wal.FirstIndex, 20UL, 41UL);

        // No member leads, and then none has for long.
        _time.Advance(PeerPins.LongestSilence - TimeSpan.FromSeconds(1));
        _pins.Follow(Term, NodeId.None);
        Write(50);
        Assert.InRange(_wal.FirstIndex, 20UL, 41UL);
        _time.Advance(TimeSpan.FromSeconds(1));
        _pins.Follow(Term, NodeId.None);
        Write(10);
        Assert.Equal(_log.RetainedFrom, _wal.FirstIndex);
    }

    [Fact]
    public void Follower_ToldByOthersThanItsLeader_DoesNotListen()
    {
        Hear(Leader, Term, ulong.MaxValue);
        _reports.Set(Lagging.Value, Report(Term, 10));
        _pins.Follow(Term, Leader);
        Hear(Leader, Term - 1, index: 10);
        Write(50);
        Assert.Equal(_log.RetainedFrom, _wal.FirstIndex);
    }

    [Fact]
    public void Follower_ToldThatNoPeerNeedsAny_LetsGo()
    {
        Hear(Leader, Term, index: 10);
        Hear(Leader, Term, ulong.MaxValue);
        Write(50);
        Assert.Equal(_log.RetainedFrom, _wal.FirstIndex);
    }

    /// <summary>The peer that the former leader spoke of is one of them: those that are level lose their pins at once.</summary>
    [Fact]
    public void Leader_NewlyElected_TakesOverWhatTheFormerAskedFor()
    {
        Hear(Leader, Term, index: 10);
        Write(50);
        PeerNeed[] peers =
        [
            new(Lagging, Match: 0, Replicates: false, IsActive: true),
            new(Level, Match: 0, Replicates: false, IsActive: true),
        ];
        _pins.Lead(Term + 1, peers);
        Write(10);
        Assert.Equal(new LogNeed(Term + 1, 10), _pins.Need);

        peers[1] = new PeerNeed(Level, Match: 70, Replicates: true, IsActive: true);
        peers[0] = new PeerNeed(Lagging, Match: 20, Replicates: true, IsActive: true);
        _pins.Lead(Term + 1, peers);
        Assert.Equal(new LogNeed(Term + 1, 20), _pins.Need);
        Write(10);
        Assert.InRange(_wal.FirstIndex, 1UL, 21UL);
    }

    [Fact]
    public void DeposedLeader_KeepsWhatItAskedFor_UntilTheNextOneSpeaks()
    {
        Lead(Behind());
        Begin(Lagging, index: 10);
        Lead(Behind());
        var tooLate = Begin(Level, index: 10);
        _pins.Follow(Term + 1, Leader);
        Write(50);
        Assert.InRange(_wal.FirstIndex, 1UL, 11UL);
        Assert.Equal(LogNeed.None, _pins.Need);
        Assert.False(tooLate.IsLost);

        Hear(Leader, Term + 1, ulong.MaxValue);
        Write(10);
        Assert.Equal(_log.RetainedFrom, _wal.FirstIndex);
        Assert.True(_log.Pins.IsEmpty);
    }

    /// <summary>A restart forgets nothing that the leader still knows of.</summary>
    [Fact]
    public void Start_KeepsAllThereIs_UntilALeaderIsHeard()
    {
        _pins.Follow(Term, NodeId.None);
        Write(50);
        Assert.Equal(1UL, _wal.FirstIndex);

        Hear(Leader, Term, index: 30);
        Write(10);
        Assert.InRange(_wal.FirstIndex, 10UL, 31UL);
    }

    private static PeerNeed Behind() => new(Lagging, Match: 1, Replicates: false, IsActive: true);

    private static PeerNeed Replicating(ulong match) => new(Lagging, match, Replicates: true, IsActive: true);

    private static MemberReport Report(ulong term, ulong index) => new(
        default, QuotaBytes: 1, IsDiskFull: false, FeatureLevel: 1, new LogNeed(term, index));

    /// <summary>The first tick of a leader ends what it took over for peers that are level.</summary>
    private void Lead(PeerNeed lagging)
    {
        var level = new PeerNeed(Level, _wal.LastIndex, Replicates: true, IsActive: true);
        if (_pins.Need.Term == 0)
        {
            _pins.Lead(Term, [lagging with { Match = _wal.LastIndex, Replicates = true }, level]);
        }

        _pins.Lead(Term, [lagging, level]);
    }

    private LogPin Begin(NodeId peer, ulong index)
    {
        var pin = _log.Pins.TryAdd(index);
        Assert.NotNull(pin);
        _pins.Begin(peer, pin);
        return pin;
    }

    private void Hear(NodeId from, ulong term, ulong index)
    {
        _reports.Set(from.Value, Report(term, index));
        _pins.Follow(Term + (term > Term ? term - Term : 0), from);
    }

    /// <summary>Written, flushed, and given all the ticks that the log needs to let go.</summary>
    private void Write(int entries)
    {
        for (var i = 0; i < entries; i++)
        {
            var index = _wal.LastIndex + 1;
            _log.Post(new LogWork
            {
                Sequence = index,
                State = null,
                Entries = [new Entry(new EntryId(1, index), EntryKind.Normal, new byte[EntryBytes])],
                Messages = [],
                MustSync = true,
            });
            _log.Step();
        }

        _log.Flushed(_wal.LastIndex);
        _log.Tick();
        _log.Tick();
    }
}
