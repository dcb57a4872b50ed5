// What fronts of one database say to each other. None of it is needed for an answer to be right: the log decides, and a front that
// reaches no other one commits by itself and finds rows by its own looks at the log.
//
//   writes          go to the leading front, which commits them in its larger batches and loses no races. Where one surely was not
//                   done there, it is committed here (LeaderRouter). One that was sent and not answered is never sent again.
//   lease questions go to the leading front, which keeps the time.
//   hints           come from the leading front: how far it has taken in the log, after each commit, and ten times a second as a sign
//                   of life. A front that hears of a row looks at the log at once, and believes what it finds there, by the checks
//                   of any look. So a hint that is late, doubled, or of a front that leads no more costs one look.
//
// The leader that stands still is found by its silence. Writes that it has been sent by then end at their time limit, as unknown; those
// that come later are committed here, until it is heard again or another front leads.
//
// The machines of the streams are stepped by the wire; this loop keeps their time, and runs the awaited code of a leader.

using Microsoft.Extensions.Logging;
using Raftd.Peers;
using Raftd.Peers.Forwarding;
using Raftd.Sql.Fronts;
using Raftd.State.Leading;
using Raftd.State.Loops;

namespace Raftd.Sql.Peers;

internal sealed class FrontPeers : ILoop
{
    /// <summary>Of this loop.</summary>
    public static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(50);

    private readonly LoopContext _context = new();
    private readonly LeadingFront _leading;
    private readonly HintFeed _hints;

    /// <param name="self">This front, as peers know it.</param>
    /// <param name="board">Says who leads.</param>
    /// <param name="commits">Takes commands and hints.</param>
    /// <param name="upkeep">Says where the fronts listen.</param>
    /// <param name="keeper">Answers about leases where this front leads.</param>
    /// <param name="wire">Opens streams.</param>
    /// <param name="options">Limits.</param>
    /// <param name="time">Monotonic time; only its timestamps are used.</param>
    /// <param name="logger">Told of callers that are refused.</param>
    public FrontPeers(
        PeerIdentity self, FrontBoard board, CommitLoop commits, UpkeepLoop upkeep, LeaseKeeper keeper, IPeerWire wire, FrontOptions options,
        TimeProvider time, ILogger logger)
    {
        _leading = new LeadingFront(self, board, commits, () => upkeep.Fronts, wire, time);
        _hints = new HintFeed(self.Id, board, time);
        board.Observe(_hints);
        commits.AreHintsFlowing = () => _leading.IsHeard;
        Calls = new LeaseCalls(keeper);
        Router = new LeaderRouter(self, _leading, commits, wire, _context, options.RequestTimeLimit, time, logger);
        var proposer = new LeaderProposer(self.Id, board, commits, options, time);
        var table = new LeaderCallTable(Calls);
        Door = new FrontDoor(self, _hints, stream => new CallSession(stream, proposer, _leading, table, _context, time), logger);
    }

    /// <summary>Set by the owner of the loop: called when there is something to do.</summary>
    public Action Wake
    {
        set => _context.Wake = value;
    }

    /// <summary>Whether this front wants to hear of rows at once; asked again and again.</summary>
    public Func<bool> WantsHints
    {
        set => _leading.WantsHints = value;
    }

    /// <summary>Other fronts want hints of this one. Any thread.</summary>
    public bool HasListeners => _hints.HasListeners;

    public FrontDoor Door { get; }

    public LeaderRouter Router { get; }

    public LeaseCalls Calls { get; }

    /// <summary>Another front leads, and gives signs of life. Any thread.</summary>
    public bool IsLeaderHeard => _leading.IsHeard;

    /// <summary>Another front leads, and has said where it listens. Any thread.</summary>
    public bool IsLeaderListening => _leading.Place is not null;

    public bool Step() => _context.Step();

    public void Tick()
    {
        _leading.Tick();
        _hints.Tick();
        Router.Tick();
    }

    /// <summary>Ends all streams and all calls that wait. The loop has ended.</summary>
    public void Close()
    {
        _leading.Close();
        Router.Close();
    }
}
