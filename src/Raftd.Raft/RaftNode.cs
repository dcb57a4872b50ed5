namespace Raftd.Raft;

/// <summary>The consensus core of one member: a state machine that one caller steps and that touches nothing else.</summary>
/// <remarks>
/// The naive way is a loop that takes a message, writes the log, waits for the disk, and answers. It is easy to get right,
/// and it spends its life waiting: one sync for each message, and no heartbeat leaves while the disk is slow.
/// Answering first and writing later is fast and wrong: a member that grants a vote, crashes before the write and votes
/// again makes two leaders of one term. Here nothing waits, and the outputs carry the order that safety needs:
///
/// 1. An input (<see cref="Tick"/>, <see cref="Step"/>, <see cref="Propose"/>, ...) changes memory and notes what has to
///    follow.
/// 2. <see cref="TakeReady"/> hands all of that out under the next number. Messages that promise something a crash could
///    undo (a vote, an acknowledgement, a term) are listed apart: they leave once this Ready and all before it are durable.
/// 3. <see cref="Durable"/> reports how far the disk is, <see cref="Applied"/> how far the state is. Both may lag by many
///    Readys, and each report may cover several.
///
/// Invariants, checked in Release where each can break (RaftNode.Checks.cs):
/// - Term never falls, and in one term this member votes for one candidate.
/// - Commit never falls and never passes the last index. Applied &lt;= Applying &lt;= Commit.
/// - What is applied is durable here: entries are handed out up to min(Commit, Stable).
/// - A leader only appends to its log, and commits by counting only entries of its own term (paper, 5.4.2).
/// - A leader votes in the configuration in force, or that configuration is not committed yet (thesis 4.2.2).
/// - The configuration in force is that of the newest configuration entry in the log, committed or not.
/// - Match &lt; Next for every peer.
/// - Peers are visited in the order of their ids and chance comes from the injected source: same inputs, same outputs.
///
/// No message breaks them, not even one that no correct member sends: what a handler relies on is checked before it, and
/// the message is dropped. What remains is a bug here, or a log on disk that contradicts itself.
///
/// Sources: the Raft paper ("In Search of an Understandable Consensus Algorithm", extended version) and Ongaro's thesis
/// ("Consensus: Bridging Theory and Practice"). How the replica drives this: docs/raft.md.
/// </remarks>
public sealed partial class RaftNode
{
    private readonly RaftOptions _options;
    private readonly IRandomSource _random;
    private readonly RaftLog _log;
    private readonly ConfigurationHistory _history;
    private readonly InflightWrites _writes = new();

    /// <summary>This member may have lost what it promised. Part of the hard state, see RaftNode.Recovery.cs.</summary>
    private bool _recovering;

    /// <summary>Ticks since the start. The core has no other clock.</summary>
    private ulong _now;

    public RaftNode(RaftOptions options, IRaftStorage storage, IRandomSource random, RaftBootState boot)
    {
        var problems = options.Validate();
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", problems), nameof(options));
        }

        _options = options;
        _random = random;

        // Both count up from one number: they stand in different fields of a message and are never compared with each other.
        _nonce = options.ReadIdSeed;
        _nextReadId = options.ReadIdSeed;

        // Two lower bounds of what is committed. The commit index in the log is not synced for its own sake, so the state
        // may have applied entries above it.
        // A log that ends below what was once committed has lost entries, even if all its checksums hold. The member goes
        // on, but as one that a leader has to make whole. Refusing to start would leave the same repair to an operator.
        var commit = Math.Max(boot.HardState.Commit, boot.AppliedIndex);
        var lost = commit > storage.LastIndex;
        _log = new RaftLog(storage, Math.Min(commit, storage.LastIndex), boot.AppliedIndex, options.MaxCachedBytes);
        Term = _durableTerm = boot.HardState.Term;
        Vote = boot.HardState.Vote;
        Invariant.Check(_log.Last.Term <= Term, $"the log ends with {_log.Last}, the term on disk is {Term}");

        // The state has the configuration as of the applied index. Newer ones count from the moment they are appended
        // (thesis 4.1), so the log is searched for them, committed or not.
        _history = new ConfigurationHistory(boot.ConfigurationIndex, boot.Configuration);
        ReadConfigurations(boot.AppliedIndex + 1);

        _writtenHardState = boot.HardState;
        _reportedSoftState = new SoftState(NodeId.None, RaftRole.Follower, Term);
        DrawElectionTimeout();
        StartRecovering(boot.HardState.Recovering, lost);
    }

    public NodeId Id => _options.Id;

    public RaftRole Role { get; private set; }

    public ulong Term { get; private set; }

    /// <summary>The candidate that this member voted for in this term, or none. Stepping down within the term keeps it.</summary>
    public NodeId Vote { get; private set; }

    /// <summary>The leader of this term, or none while this member knows of none.</summary>
    public NodeId Leader { get; private set; }

    public ulong Commit => _log.Commit;

    public ulong LastIndex => _log.LastIndex;

    /// <summary>The log is durable on this member up to here.</summary>
    public ulong Stable => _log.Stable;

    /// <summary>The configuration in force: that of the newest configuration entry in the log, committed or not.</summary>
    public Configuration Configuration => _history.InForce;

    public ulong ConfigurationIndex => _history.Index;

    /// <summary>The newest configuration that this member knows to be committed: the one it may report as done.</summary>
    public Configuration CommittedConfiguration => _history.Committed(Commit).Configuration;

    /// <summary>The index of the entry that holds <see cref="CommittedConfiguration"/>.</summary>
    public ulong CommittedConfigurationIndex => _history.Committed(Commit).Index;

    /// <summary>
    /// May stand for election: a voter, or a member that was one until the newest configuration commits. A leader that
    /// removes itself and loses its leadership before that commits can be the only member whose log the remaining voters
    /// accept; without it they elect no leader (thesis 4.2.2). It needs their votes and does not count its own.
    /// </summary>
    public bool IsPromotable => IsVoter || (ConfigurationIndex > Commit && _history.Previous.IsVoter(Id));

    private bool IsVoter => Configuration.IsVoter(Id);

    public bool IsRecovering => _recovering;

    /// <summary>A leader that has committed an entry of its term knows of everything committed before it (thesis 6.4).</summary>
    public bool HasCommittedInTerm => Role == RaftRole.Leader && Commit >= _firstIndexOfTerm;

    /// <summary>The member that this leader hands over to, or none.</summary>
    public NodeId TransferTarget { get; private set; }

    /// <summary>A leader's peers in the order of their ids; empty on a member that does not lead.</summary>
    public IReadOnlyList<Progress> Progress => _peers;

    /// <summary>The oldest write under way has been waiting for this member's disk for longer than an election timeout.</summary>
    public bool IsDiskStalled => _writes.OldestAgeTicks(_now) > (ulong)_options.ElectionTimeoutTicks;

    private HardState CurrentHardState => new(Term, Vote, Commit, _recovering);
}
