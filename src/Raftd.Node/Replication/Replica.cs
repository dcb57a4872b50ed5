// The replica: the one thread that owns the Raft core.
//
// How a write passes through it:
//
//   1. Requests post proposals, peers post messages, the log posts "durable", the applier posts "applied". All of it
//      gathers in one mailbox while the loop works.
//   2. A step takes everything that has arrived, proposes all commands as one batch unless an append is under way
//      (AppendPacer), and asks for one read round for all reads that wait.
//   3. It then handles the core's output (Ready): messages that may leave now leave now; entries, terms and votes go to the
//      log with the messages that must not leave before them; committed entries go to the applier together with the
//      proposals they carry.
//   4. The log syncs once for everything it was given and reports back; so does the applier after it has published.
//
// Nothing in here waits: a step ends even if the disk or a peer hangs. That also lets a simulator run whole members in one
// thread.

using Microsoft.Extensions.Logging;
using Raftd.Node.Membership;
using Raftd.Peers.Forwarding;
using Raftd.Raft;
using Raftd.State.Leading;
using Raftd.State.Loops;
using Raftd.Store;

namespace Raftd.Node.Replication;

internal sealed partial class Replica : ILoop, IBarrier, IProposer, ILeaderView
{
    // A commit waits at most a millisecond for entries that carry it. Half of that here, since a thread sleeps in whole
    // milliseconds.
    private static readonly TimeSpan LongestSilenceOnCommit = TimeSpan.FromMicroseconds(500);

    private readonly RaftNode _raft;
    private readonly LogWriter _log;
    private readonly Applier _applier;
    private readonly StateMachine _state;
    private readonly IPeerTransport _peers;
    private readonly ReplicaOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Mailbox<ReplicaInput> _inbox;
    private readonly ByteBudget _budget;
    private readonly ByteBudget _received;
    private readonly QuotaGate _quota;
    private readonly ProposalLedger _proposals = new();
    private readonly ReadLedger _reads = new();
    private readonly AppendPacer _pacer;
    private readonly MembershipQueue _membership;
    private readonly List<Proposal> _gathered = [];
    private readonly List<ReadOnlyMemory<byte>> _commands = [];
    private List<ReplicaInput> _batch = [];
    private long _ticks;
    private long? _tellCommitsAt;
    private ulong _applied;
    private int _wanted;
    private volatile ReplicaStatus _status;

    public Replica(
        RaftNode raft,
        LogWriter log,
        Applier applier,
        StateMachine state,
        QuotaGate quota,
        IPeerTransport peers,
        ReplicaOptions options,
        TimeProvider time,
        ILogger logger,
        MemberIdentity self)
    {
        _raft = raft;
        _log = log;
        _applier = applier;
        _state = state;
        _quota = quota;
        _peers = peers;
        _options = options;
        _time = time;
        _pacer = new AppendPacer(time);
        _logger = logger;
        _applied = state.Applied.Index;
        _fencedBecause = self.FencedBecause;
        _members = _committedMembers = MemberTable.Of(self.KnownMembers);
        if (raft.ConfigurationIndex == 0)
        {
            // It waits to be added: until the log names more, its members are those in the answer to its join.
            _followed = _committed = raft.Configuration;
        }

        _membership = new MembershipQueue(this, options.RequestTimeLimit, time, logger);
        _budget = new ByteBudget(options.MaxProposalBytes);
        _received = new ByteBudget(options.MaxReceivedBytes);
        _inbox = new Mailbox<ReplicaInput>(options.MaxInputs);
        _status = BuildStatus();
    }

    /// <summary>Set by the owner of the loop: called when there is something to do.</summary>
    public Action Wake
    {
        set => _inbox.Wake = value;
    }

    public ReplicaStatus Status => _status;

    /// <summary>For other threads: as the last step left it.</summary>
    bool IBarrier.IsPromoted => _status.IsPromoted;

    LeaderSeen ILeaderView.Leader
    {
        get
        {
            var status = _status;
            return new LeaderSeen(status.Leader.Value, status.Members.Find(status.Leader.Value)?.Target, status.FencedBecause);
        }
    }

    bool ILeaderView.ProposesAnywhere => false;

    /// <summary>Called with the entries that the core wants from the log for a peer; answered by EntriesRead. Set before the first
    /// step.</summary>
    public Action<EntriesWanted> EntriesWanted { get; set; } = static _ => { };

    /// <summary>Called on this thread with the index at which the log may begin: the core reads nothing below it from here on. Set
    /// before the first step.</summary>
    public Action<ulong> ReleaseLog { get; set; } = static _ => { };

    public long? NextDeadline => _wanted > 0 ? Math.Min(_pacer.Until, _tellCommitsAt ?? long.MaxValue) : _tellCommitsAt;

    /// <summary>Called on the replica's thread after each tick: the duties of a leader.</summary>
    public Action? AfterTick { get; set; }

    /// <summary>Called on the replica's thread with each step of a leader, before the gathered commands are proposed; true when a
    /// write waits for room.</summary>
    public Action<bool> RoomSought { get; set; } = static _ => { };

    /// <summary>Called on the replica's thread when a command needs more than the cluster's level; raises it if it can. Set before
    /// the first step.</summary>
    public Action LevelSought { get; set; } = static () => { };

    /// <summary>Called on the replica's thread when the known leader changes, or is lost. Set before the first step.</summary>
    public Action LeaderChanged { get; set; } = static () => { };

    public bool Step()
    {
        var took = _inbox.Take(ref _batch);
        foreach (var input in _batch)
        {
            Accept(input);
        }

        // Inputs come first: proposals and reads then meet the role and the term that those leave. One pass over the outputs
        // serves all of them, and a client that is told of a change of members finds it in the status.
        _batch.Clear();
        _membership.Decide();
        ProposeGathered();
        BeginReads();
        HandleReady();
        TellCommits();
        Publish();
        _membership.Answer();
        return FollowGathering() || took;
    }

    public void Tick()
    {
        _ticks++;
        if (_fencedBecause is null)
        {
            _raft.Tick();
        }

        // Of a fenced member the core stands still. Deadlines go on, so that each request still gets its answer.
        var now = _time.GetTimestamp();
        _quota.EndOverdue(now);
        _proposals.EndOverdue(now);
        if (_reads.EndOverdue(now, _ticks - _options.ReadRetryTicks) is { Count: > 0 } givenUp)
        {
            _raft.ForgetReads(givenUp);
        }

        AfterTick?.Invoke();
    }

    private void Accept(ReplicaInput input)
    {
        switch (input)
        {
            case ReplicaInput.Propose propose:
                AcceptProposal(propose.Proposal);
                break;
            case ReplicaInput.Received received:
                _received.GiveBack(received.Bytes);
                Receive(received.Message);
                break;
            case ReplicaInput.Read read:
                _reads.Add(read.Barrier);
                break;
            case ReplicaInput.Durable durable:
                _pacer.Durable(durable.Sequence);
                _raft.Durable(durable.Sequence);
                break;
            case ReplicaInput.Applied applied:
                AcceptApplied(applied.Index);
                break;
            case ReplicaInput.Members members:
                _membership.Add(members.Request);
                break;
            case ReplicaInput.EntriesRead read:
                _raft.EntriesRead(read.Wanted, read.Entries);
                break;
            case ReplicaInput.SnapshotEnded ended:
                _raft.ReportSnapshot(ended.To, ended.Index, ended.Installed);
                break;
            case ReplicaInput.Unreachable unreachable:
                _raft.ReportUnreachable(unreachable.Peer);
                break;
            case ReplicaInput.Releasing releasing:
                ReleaseLog(releasing.Index);
                break;
            case ReplicaInput.Promoted promoted:
                AcceptPromoted(promoted.Term);
                break;
            case ReplicaInput.Fenced fenced:
                CutOff(fenced.Reason);
                break;
            case ReplicaInput.Snapshot snapshot:
                AcceptSnapshot(snapshot.Offer);
                break;
            default:
                Invariant.Broken($"the replica has no case for {input.GetType().Name}");
                break;
        }
    }

    /// <summary>How many more commands the next append waits for.</summary>
    private int CommandsWanted() => IsLeading ? _pacer.Wanted(_raft.Commit, _gathered.Count) : 0;

    /// <summary>Lets commands come without waking this thread while they would have to wait.</summary>
    /// <returns>True where those that end the wait have come since this step took what there was.</returns>
    private bool FollowGathering()
    {
        var wanted = CommandsWanted();
        if (wanted == _wanted)
        {
            return false;
        }

        _wanted = wanted;
        return _inbox.Gather(wanted);
    }

    /// <summary>Sends a commit index by itself that no entries have carried to the followers in time.</summary>
    private void TellCommits()
    {
        // Commands that wait for others behind this commit are appended within a millisecond of it, and carry it.
        var isCarriedSoon = _wanted is > 0 and < int.MaxValue && _gathered.Count > 0;
        if (!_raft.CommitNewsDue || isCarriedSoon)
        {
            _tellCommitsAt = null;
        }
        else if (_tellCommitsAt is not { } due)
        {
            _tellCommitsAt = _time.TimestampAfter(LongestSilenceOnCommit);
        }
        else if (_time.GetTimestamp() >= due)
        {
            _tellCommitsAt = null;
            _raft.FlushCommitNews();
            HandleReady();
        }
    }

    private void Receive(Message message)
    {
        if (_fencedBecause is null)
        {
            _raft.Step(message);
        }
    }

    private void AcceptApplied(ulong index)
    {
        _applied = index;
        _raft.Applied(index);
        _reads.Applied(index);
        PromoteIfApplied();
    }

    /// <summary>Replaces the status that other threads see, if this step changed it.</summary>
    private void Publish()
    {
        FollowConfiguration();
        var status = BuildStatus();
        if (status == _status)
        {
            return;
        }

        var hasOtherLeader = status.Leader != _status.Leader;
        _status = status;
        if (hasOtherLeader)
        {
            LeaderChanged();
        }
    }

    private ReplicaStatus BuildStatus() => new()
    {
        Role = _fencedBecause is null ? _raft.Role : RaftRole.Follower,
        Term = _raft.Term,
        Leader = _fencedBecause is null ? _raft.Leader : NodeId.None,
        Commit = _raft.Commit,
        Configuration = _raft.Configuration,
        Members = _members,
        CommittedConfiguration = _raft.CommittedConfiguration,
        CommittedMembers = _committedMembers,
        CommittedConfigurationIndex = _raft.CommittedConfigurationIndex,
        IsPromoted = _promotedTerm == _raft.Term && _raft.Role == RaftRole.Leader,
        LeadsAlone = LeadsAlone,
        IsLearner = !_raft.Configuration.IsVoter(_raft.Id),
        IsRecovering = _raft.IsRecovering,
        FencedBecause = _fencedBecause,
    };

    private long DeadlineFromNow() => _time.TimestampAfter(_options.RequestTimeLimit);
}
