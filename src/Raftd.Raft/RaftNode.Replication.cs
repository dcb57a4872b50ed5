namespace Raftd.Raft;

/// <content>The leader's sending side: appends, heartbeats, snapshots.</content>
public sealed partial class RaftNode
{
    /// <summary>The last slice sent while flushing: peers that keep up get the very same list.</summary>
    private (ulong Low, IReadOnlyList<Entry> Entries) _sharedSlice;

    /// <summary>The peer cannot be reached just now: what was under way to it is probably lost.</summary>
    public void ReportUnreachable(NodeId id)
    {
        if (FindPeer(id) is { State: ProgressState.Replicate } peer)
        {
            peer.BecomeProbe();
            ReportState(peer);
        }
    }

    /// <summary>Streaming the snapshot at <paramref name="index"/> has ended: taken in by the peer, or failed.</summary>
    public void ReportSnapshot(NodeId to, ulong index, bool ok)
    {
        if (FindPeer(to) is not { State: ProgressState.Snapshot } peer)
        {
            return;
        }

        // After a failure the pause of the probe is the pause before the next attempt: one heartbeat.
        peer.BecomeProbeAfterSnapshot(ok ? index : peer.Match);
        ReportState(peer);
    }

    private void FlushAppends()
    {
        if (!_appendsDue)
        {
            return;
        }

        _appendsDue = false;
        _sharedSlice = default;
        foreach (var peer in _peers)
        {
            while (MaybeSendAppend(peer, evenIfEmpty: false))
            {
            }
        }

        _sharedSlice = default;
    }

    /// <summary>Sends what the peer lacks, as far as its state allows; says whether there may be more to send.</summary>
    private bool MaybeSendAppend(Progress peer, bool evenIfEmpty)
    {
        if (peer.State == ProgressState.Snapshot || (peer.State == ProgressState.Probe && peer.ProbeSent))
        {
            return false;
        }

        var previous = peer.Next - 1;
        if (peer.Next < _log.FirstIndex || !_log.TryTerm(previous, out var previousTerm))
        {
            MaybeRequestSnapshot(peer);
            return false;
        }

        IReadOnlyList<Entry> entries = peer.IsPaused ? [] : SliceFrom(peer.Next);
        var last = previous + (ulong)entries.Count;
        var commit = Math.Min(Commit, last);
        var isCommitNews = peer.State == ProgressState.Replicate && peer.SentCommit < commit;
        if (entries.Count == 0 && !evenIfEmpty && !isCommitNews)
        {
            return false;
        }

        Send(new Message
        {
            Kind = MessageKind.MsgApp,
            To = peer.Id,
            From = Id,
            Term = Term,
            Index = previous,
            LogTerm = previousTerm,
            Commit = Commit,
            Entries = entries,
        });
        peer.SentCommit = Math.Max(peer.SentCommit, commit);
        NoteSent(peer, last, entries);
        return entries.Count > 0;
    }

    private static void NoteSent(Progress peer, ulong last, IReadOnlyList<Entry> entries)
    {
        if (entries.Count > 0)
        {
            peer.Sent(last, SizeOf(entries));
        }
        else if (peer.State == ProgressState.Probe)
        {
            peer.ProbeSent = true;
        }
    }

    private IReadOnlyList<Entry> SliceFrom(ulong low)
    {
        if (low > LastIndex)
        {
            return [];
        }

        if (_sharedSlice.Low != low)
        {
            _sharedSlice = (low, _log.Slice(low, LastIndex + 1, _options.MaxMessageBytes));
        }

        return _sharedSlice.Entries;
    }

    /// <summary>A peer that does not answer gets no snapshot: the work would be for nobody.</summary>
    private void MaybeRequestSnapshot(Progress peer)
    {
        if (!peer.RecentActive)
        {
            return;
        }

        peer.BecomeSnapshot();
        ReportState(peer);
        _snapshotsToSend.Add(peer.Id);
    }

    private void BroadcastHeartbeat()
    {
        foreach (var peer in _peers)
        {
            SendHeartbeat(peer);
        }
    }

    private void SendHeartbeat(Progress peer) => Send(new Message
    {
        Kind = MessageKind.MsgHeartbeat,
        To = peer.Id,
        From = Id,
        Term = Term,

        // Not beyond what the peer is known to share: it takes the number without looking at its log.
        Commit = Math.Min(peer.Match, Commit),
        ReadId = _readRound?.LastId ?? 0,
        Recovered = IsWhole(peer),
        Nonce = peer.Recovering ? peer.RecoveryNonce : 0,
        Index = _recoveryEpoch,
    });
}
