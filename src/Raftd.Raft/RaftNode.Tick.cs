namespace Raftd.Raft;

/// <content>The passing of time.</content>
public sealed partial class RaftNode
{
    private int _electionElapsed;
    private int _heartbeatElapsed;
    private int _randomizedTimeoutTicks;
    private bool _stallReported;

    /// <summary>One unit of time has passed.</summary>
    public void Tick()
    {
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
    }

    /// <summary>Stands for election now, by way of a pre-election, instead of waiting for the timeout.</summary>
    public void Campaign()
    {
        if (Role != RaftRole.Leader && IsPromotable && !IsDiskStalled)
        {
            StartCampaign(CampaignKind.PreElection);
        }
    }

    private void TickLeader()
    {
        _electionElapsed++;
        _heartbeatElapsed++;
        if (_electionElapsed >= _options.ElectionTimeoutTicks)
        {
            _electionElapsed = 0;
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
            SetLeader(NodeId.None);
        }
    }

    /// <summary>
    /// A leader whose disk hangs still sends heartbeats from memory: nothing commits by its disk and no other member replaces it
    /// (failure 11 of docs/failures.md). So it steps down by itself, and a member with a stalled log does not stand
    /// for election.
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
