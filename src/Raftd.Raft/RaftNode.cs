namespace Raftd.Raft;

/// <summary>One member's Raft: a state machine that is stepped by its one caller and touches nothing else.</summary>
/// <remarks>
/// The naive way is a loop that, on every message, writes the log, waits for the disk, answers, and sends. It is easy to
/// get right and spends its life waiting. Here nothing waits; the order that safety needs is carried by the outputs:
///
/// 1. An input (<see cref="Tick"/>, <see cref="Step"/>, <see cref="Propose"/>, ...) changes memory and notes what has to follow.
/// 2. <see cref="TakeReady"/> hands all that out, numbered. What would promise something that a crash could undo (a vote,
///    an acknowledgement, a term) is listed apart, to be sent only when this Ready and all before it are durable.
/// 3. <see cref="Durable"/> says how far the disk is; <see cref="Applied"/> how far the state is. Both may lag by many
///    Readys.
///
/// Invariants:
/// - Term never decreases; in one term this member grants at most one vote.
/// - Applied &lt;= Applying &lt;= min(Commit, Stable): nothing is applied that is not both committed and durable here.
/// - A leader never overwrites its log and commits by counting only entries of its own term (paper, 5.4.2).
/// - The configuration in force is that of the newest configuration entry in the log.
/// - Peers are visited in the order of their ids, chance comes from the injected source: same inputs, same outputs.
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

    private bool _recovering;

    /// <summary>Ticks since the start. The only clock there is.</summary>
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
        _nonce = options.ReadIdSeed;
        _nextReadId = options.ReadIdSeed;

        // A log that ends below what was once committed has lost entries, whatever its checksums say: the member goes on,
        // but as one that has to be made whole. Refusing to start would only move the repair to a person.
        var commit = Math.Max(boot.HardState.Commit, boot.AppliedIndex);
        var lost = commit > storage.LastIndex;
        _log = new RaftLog(storage, Math.Min(commit, storage.LastIndex), boot.AppliedIndex, options.MaxCachedBytes);
        Term = _durableTerm = boot.HardState.Term;
        Vote = boot.HardState.Vote;
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

    public NodeId Vote { get; private set; }

    /// <summary>The leader of this term, as far as known.</summary>
    public NodeId Leader { get; private set; }

    public ulong Commit => _log.Commit;

    public ulong LastIndex => _log.LastIndex;

    /// <summary>Up to here the log is durable on this member.</summary>
    public ulong Stable => _log.Stable;

    /// <summary>In force: that of the newest configuration entry in the log, committed or not.</summary>
    public Configuration Configuration => _history.InForce;

    public ulong ConfigurationIndex => _history.Index;

    /// <summary>The newest one that is committed, as far as this member knows: what may be told to others as done.</summary>
    public Configuration CommittedConfiguration => _history.Committed(Commit).Configuration;

    /// <summary>Of the entry that made it.</summary>
    public ulong CommittedConfigurationIndex => _history.Committed(Commit).Index;

    public bool IsLearner => Configuration.IsLearner(Id);

    /// <summary>
    /// May stand for election: a voter, or one until the newest configuration is committed. A leader that removes itself and
    /// loses its leadership meanwhile can be the only one whose log the remaining voters accept; without it they would
    /// elect no leader (thesis 4.2.2). It needs their votes, not its own.
    /// </summary>
    public bool IsPromotable => IsVoter || (ConfigurationIndex > Commit && _history.Previous.IsVoter(Id));

    private bool IsVoter => Configuration.IsVoter(Id);

    public bool IsRecovering => _recovering;

    /// <summary>A leader that has committed in its term knows everything that was ever committed (thesis 6.4).</summary>
    public bool HasCommittedInTerm => Role == RaftRole.Leader && Commit >= _firstIndexOfTerm;

    /// <summary>Whom leadership is being handed to, or none.</summary>
    public NodeId TransferTarget { get; private set; }

    /// <summary>The peers of a leader in the order of their ids; empty on everyone else.</summary>
    public IReadOnlyList<Progress> Progress => _peers;

    /// <summary>The log's own disk has not answered for longer than an election timeout.</summary>
    public bool IsDiskStalled => _writes.OldestAgeTicks(_now) > (ulong)_options.ElectionTimeoutTicks;

    private HardState CurrentHardState => new(Term, Vote, Commit, _recovering);
}
