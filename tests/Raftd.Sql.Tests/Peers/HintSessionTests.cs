using Raftd.Node.Tests;
using Raftd.Peers;
using Raftd.Sql.Fronts;
using Raftd.Sql.Peers;
using Raftd.Sql.Tests.Memory;
using Raftd.State.Views;
using Raftd.Testing.Clocks;

namespace Raftd.Sql.Tests.Peers;

/// <summary>The leader's end of a stream of hints.</summary>
public sealed class HintSessionTests
{
    private const ulong Self = 5;

    private readonly ManualTime _time = new();
    private readonly FrontBoard _board;
    private readonly HintFeed _feed;
    private readonly HintSession _session;

    public HintSessionTests()
    {
        var database = new MemoryDatabase();
        var start = FrontLoader.Load(database);
        _board = new FrontBoard(database, start with { Last = start.Last with { Leader = Self } });
        _feed = new HintFeed(Self, _board, _time);
        _board.Observe(_feed);
        _session = new HintSession(new HeldStream(), _feed);
        _feed.Add(_session);
        Assert.Equal(1UL, Take());
    }

    [Fact]
    public void FrontThatDoesNotRead_GetsTheLastRow_AndNothingWaitsForIt()
    {
        Show(2);
        Show(3);
        Show(4);

        Assert.Equal(4UL, Take());
        Assert.Null(Take());
    }

    [Fact]
    public void NothingHappens_SignsOfLifeComeTenTimesASecond()
    {
        for (var sign = 0; sign < 3; sign++)
        {
            Assert.Null(Take());
            _time.Seconds(0.1);
            _feed.Tick();
            Assert.Equal(1UL, Take());
        }
    }

    [Fact]
    public void AnotherFrontLeads_EndsTheStream()
    {
        _board.Show(_board.State with { Last = _board.State.Last with { Seq = 2, Leader = 6 } }, new PublishedChanges([], []), hasAllKeys: true);
        Assert.True(_session.Take().IsLast);
    }

    [Fact]
    public void FrontThatHasLostHistory_GivesNoSign()
    {
        _board.FenceOff(CommitLoop.HistoryLost("a test says so"));
        Assert.True(_session.Take().IsLast);
    }

    private void Show(long seq) => _board.Show(
        _board.State with { Last = _board.State.Last with { Seq = seq } }, new PublishedChanges([], []), hasAllKeys: true);

    private ulong? Take()
    {
        var parser = new FrameParser();
        parser.Push(_session.Take().Bytes.Span);
        return parser.TryRead(out var kind, out var payload) ? PeerFrame.ReadNumber(kind, payload) : null;
    }
}
