namespace Raftd.Raft;

/// <content>
/// The leader's sending side: appends, heartbeats, snapshots.
///
/// Entries that have left memory are never read here: a disk that is slow, or a follower far behind, would hold up the
/// heartbeats of all. They are asked for (<see cref="Ready.EntriesWanted"/>), and the peer waits, with heartbeats and empty
/// probes, until they are handed in. By then anything may have happened, so they are sent only if they are still what comes
/// next for that peer and still what the log has: the log matching property makes one comparison of terms, at the last of
/// them, enough for all.
///
/// A commit index is news of its own only when no append carries it soon. So it does not leave by itself: the caller is told
/// that news is due (<see cref="CommitNewsDue"/>) and sends it a moment later (<see cref="FlushCommitNews"/>), by which
/// time the next entries have often taken it along. How long that moment is, is the caller's: there is no clock here.
/// </content>
public sealed partial class RaftNode
{
    /// <summary>The last slice sent while flushing: peers that keep up get the very same list.</summary>
    private (ulong Low, IReadOnlyList<Entry> Entries) _sharedSlice;

    /// <summary>The next look at the peers tells them of a commit even without entries.</summary>
    private bool _commitNewsAsked;

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

    /// <summary>A peer has acknowledged what is committed by now and was not told so: it learns of it with the next append, with
    /// a heartbeat, or by <see cref="FlushCommitNews"/>.</summary>
    /// <remarks>One that has acknowledged less has no use for it yet, and would be sent a message for each commit that the
    /// others make without it.</remarks>
    public bool CommitNewsDue
    {
        get
        {
            foreach (var peer in _peers)
            {
                if (IsCommitNews(peer))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Waited long enough: the next Ready tells the commit index to every peer that has it and does not know.</summary>
    public void FlushCommitNews()
    {
        if (CommitNewsDue)
        {
            _commitNewsAsked = true;
            _appendsDue = true;
        }
    }

    /// <summary>Hands in entries that a Ready asked for; none where the log could not give them.</summary>
    public void EntriesRead(EntriesWanted wanted, IReadOnlyList<Entry> entries)
    {
        if (Role != RaftRole.Leader || FindPeer(wanted.Peer) is not { } peer || peer.WantedIndex != wanted.Low)
        {
            return;
        }

        peer.WantedIndex = 0;
        _appendsDue = true;
        if (peer.Next == wanted.Low && !peer.IsPaused && IsOfThisLog(wanted.Low, entries)
            && _log.TryTerm(wanted.Low - 1, out var previousTerm))
        {
            SendAppend(peer, previousTerm, entries);
        }
    }

    private bool IsOfThisLog(ulong low, IReadOnlyList<Entry> entries)
    {
        for (var i = 0; i < entries.Count; i++)
        {
            if (entries[i].Index != low + (ulong)i)
            {
                return false;
            }
        }

        return entries.Count > 0 && _log.Matches(entries[^1].Id);
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

        _commitNewsAsked = false;
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

        var entries = peer.IsPaused ? [] : SliceFor(peer);
        if (entries.Count == 0 && !(_commitNewsAsked && IsCommitNews(peer)) && (!evenIfEmpty || peer.IsSettled))
        {
            return false;
        }

        SendAppend(peer, previousTerm, entries);
        return entries.Count > 0;
    }

    private bool IsCommitNews(Progress peer) =>
        peer.State == ProgressState.Replicate && peer.SentCommit < Math.Min(Commit, peer.Match);

    private void SendAppend(Progress peer, ulong previousTerm, IReadOnlyList<Entry> entries)
    {
        var previous = peer.Next - 1;
        var last = previous + (ulong)entries.Count;
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

            // A probe asks where the peer stands, and so is never sent this way: not the first after a connection broke, nor
            // one while something sent is unacknowledged.
            Unanswered = entries.Count == 0 && peer.IsSettled,
        });
        peer.SentCommit = Math.Max(peer.SentCommit, Math.Min(Commit, last));
        NoteSent(peer, last, entries);
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

    /// <summary>What memory has for the peer; what it has no longer is asked for, and nothing is sent meanwhile.</summary>
    private IReadOnlyList<Entry> SliceFor(Progress peer)
    {
        var low = peer.Next;
        if (low > LastIndex)
        {
            return [];
        }

        if (low < _log.FirstInMemory)
        {
            MaybeWantEntries(peer);
            return [];
        }

        if (_sharedSlice.Low != low)
        {
            _sharedSlice = (low, _log.Slice(low, LastIndex + 1, _options.MaxMessageBytes));
        }

        return _sharedSlice.Entries;
    }

    private void MaybeWantEntries(Progress peer)
    {
        if (peer.WantedIndex == 0)
        {
            peer.WantedIndex = peer.Next;
            _entriesWanted.Add(new EntriesWanted(peer.Id, peer.Next, _log.FirstInMemory, _options.MaxMessageBytes));
        }
    }

    /// <summary>A peer that does not answer gets no snapshot: the work would be lost.</summary>
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

    private void SendHeartbeat(Progress peer)
    {
        // Not beyond what the peer is known to share: it takes the number without looking at its log.
        var commit = Math.Min(peer.Match, Commit);
        peer.SentCommit = Math.Max(peer.SentCommit, commit);
        Send(new Message
        {
            Kind = MessageKind.MsgHeartbeat,
            To = peer.Id,
            From = Id,
            Term = Term,
            Commit = commit,
            ReadId = _readRound?.LastId ?? 0,
            Recovered = IsWhole(peer),
            Nonce = peer.Recovering ? peer.RecoveryNonce : 0,
            Index = _recoveryEpoch,
        });
    }
}
