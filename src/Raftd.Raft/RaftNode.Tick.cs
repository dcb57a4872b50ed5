namespace Raftd.Raft;

/// <content>
/// The passing of time, counted in ticks of the caller.
///
/// Safety needs no clock; only progress does (paper, 5.6): ticks that come late or in a burst cost an election and never
/// an entry. The one exception is <see cref="RaftOptions.LeaseReads"/>.
/// A timeout is drawn anew at each change of role from [election timeout, twice that), so that members that tied once are
/// unlikely to tie again (paper, 5.2).
/// </content>
public sealed partial class RaftNode
{
    /// <summary>
    /// A leader: ticks since it last checked its quorum, or began a transfer. Any other member: ticks since it heard its
    /// leader, gave a vote, changed its role, or let a timeout pass.
    /// </summary>
    private int _electionElapsed;

    /// <summary>A leader's ticks since its last heartbeat.</summary>
    private int _heartbeatElapsed;

    /// <summary>In [election timeout, twice that).</summary>
    private int _randomizedTimeoutTicks;

    /// <summary>One event for each stall, however many ticks it lasts.</summary>
    private bool _stallReported;

    /// <summary>One unit of time has passed.</summary>
    public void Tick()
    {
        var before = Marked;
        _now++;
        WatchDisk();
        if (Role == RaftRole.Leader)
        {
            TickLeader();
        }
        else
        {
            TickElection();
        }

        TickForwardedReads();
        CheckSince(before);
    }

    /// <summary>Stands for election now, by way of a pre-election, instead of waiting for the timeout.</summary>
    /// <remarks>For a sole voter, which has nothing to wait for. It asks like any other campaign and can lose like one.</remarks>
    public void Campaign()
    {
        var before = Marked;
        if (Role != RaftRole.Leader && IsPromotable && !IsDiskStalled)
        {
            StartCampaign(CampaignKind.PreElection);
        }

        CheckSince(before);
    }

    /// <remarks>
    /// The quorum is checked before heartbeats are sent: a leader that finds itself without a majority sends no more of
    /// them, since each one puts off the election that replaces it.
    /// </remarks>
    private void TickLeader()
    {
        _electionElapsed++;
        _heartbeatElapsed++;
        if (_electionElapsed >= _options.ElectionTimeoutTicks)
        {
            _electionElapsed = 0;

            // The transfer set the counter to 0, so the target has had one whole election timeout by now (thesis 3.10).
            AbortTransfer();
            ForgetSilentReads();
            if (!CheckQuorum())
            {
                StepDown(StepDownReason.LostQuorum);
                return;
            }
        }

        TickLearners();
        if (_heartbeatElapsed >= _options.HeartbeatTicks)
        {
            _heartbeatElapsed = 0;
            RetryReadRound();
            BroadcastHeartbeat();
            NudgeTransferTarget();
        }
    }

    private void TickLearners()
    {
        foreach (var peer in _peers)
        {
            if (peer.IsLearner)
            {
                peer.TickRound(LastIndex, _now, _options.ElectionTimeoutTicks);
            }
        }
    }

    private void TickElection()
    {
        _electionElapsed++;
        if (_electionElapsed < _randomizedTimeoutTicks)
        {
            return;
        }

        _electionElapsed = 0;
        if (IsPromotable && !IsDiskStalled)
        {
            StartCampaign(CampaignKind.PreElection);
        }
        else
        {
            // It cannot stand itself and must not stand in the way: a member that names a leader refuses every vote.
            SetLeader(NodeId.None);
        }
    }

    /// <summary>
    /// A leader whose disk hangs still sends heartbeats from memory: its own disk commits nothing, and no member replaces it
    /// (failure 11 of docs/failures.md). So it steps down by itself, and a member with a stalled disk does not stand for
    /// election.
    /// </summary>
    private void WatchDisk()
    {
        if (!IsDiskStalled)
        {
            _stallReported = false;
            return;
        }

        if (!_stallReported)
        {
            _stallReported = true;
            Report(new DiskStalled(_writes.OldestAgeTicks(_now)));
        }

        if (Role == RaftRole.Leader)
        {
            StepDown(StepDownReason.DiskStalled);
        }
    }

    private void DrawElectionTimeout() =>
        _randomizedTimeoutTicks = _options.ElectionTimeoutTicks + _random.Next(_options.ElectionTimeoutTicks);
}
