namespace Raftd.Raft;

/// <content>
/// The leader's sending side: appends, heartbeats, snapshots.
///
/// The naive way sends each entry as it comes and waits for its acknowledgement: one round trip for each entry. Here a peer
/// is in one of three states (<see cref="Progress"/>): it is probed until the logs are known to agree, then appends are
/// pipelined within the bounds of <see cref="Inflights"/>, and a peer whose entries are compacted gets a snapshot.
/// Appends are made once for each Ready, so that what came in during one turn of the caller shares a message. A lost
/// append needs no timer: the peer refuses the next one, or the empty one after a heartbeat, and is probed again.
///
/// Entries that have left memory are never read here: a slow disk, or a follower far behind, would hold up the heartbeats of
/// all. They are asked for (<see cref="Ready.EntriesWanted"/>), and the peer waits, with heartbeats and empty probes, until
/// they are handed in. By then anything may have happened, so they are sent only if they still come next for that peer and
/// the log still has them: by the log matching property one comparison of terms, at the last of them, is enough for all.
///
/// A commit index needs a message of its own only when no append carries it soon. So it does not leave by itself: the caller
/// is told that news is due (<see cref="CommitNewsDue"/>) and sends it a moment later (<see cref="FlushCommitNews"/>), by
/// which time the next entries have often taken it along. The caller chooses that moment, because there is no clock here.
/// </content>
public sealed partial class RaftNode
{
    /// <summary>The last slice sent while flushing: peers that keep up get the very same list, and the transport encodes a list
    /// that it has just encoded only once.</summary>
    private (ulong Low, IReadOnlyList<Entry> Entries) _sharedSlice;

    /// <summary>The next look at the peers tells them of a commit even without entries.</summary>
    private bool _commitNewsAsked;

    /// <summary>The peer cannot be reached just now: what was under way to it is probably lost.</summary>
    /// <remarks>Without this the leader would fill the window of a dead connection and learn of it from a refusal only.</remarks>
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

        Invariant.Check(!ok || index <= Commit, $"a snapshot at {index} was sent, only {Commit} is committed");

        // After a failure the probe pauses until the next answer to a heartbeat, and so does the next attempt.
        peer.BecomeProbeAfterSnapshot(ok ? index : peer.Match);
        ReportState(peer);
    }

    /// <summary>A peer has acknowledged what is now committed and has not been told so. It learns of it with the next append,
    /// with a heartbeat, or by <see cref="FlushCommitNews"/>.</summary>
    /// <remarks>A peer that has acknowledged less cannot use the news yet: it would get a message for each commit that the
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

    /// <summary>The caller has waited long enough: the next Ready tells the commit index to every peer that can use it and has
    /// not been told.</summary>
    public void FlushCommitNews()
    {
        if (CommitNewsDue)
        {
            _commitNewsAsked = true;
            _appendsDue = true;
        }
    }

    /// <summary>Hands in entries that a Ready asked for; an empty list where the log could not give them.</summary>
    /// <remarks>
    /// The reader raced with this thread: since the question this member may have lost its leadership, or the peer may
    /// have moved on. An answer that does not fit any more is dropped, and what is still missing is asked for again.
    /// </remarks>
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

        // Without the term of the entry before, the peer could not check that the logs agree (paper, 5.3): then only a
        // snapshot helps.
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

    /// <summary>What memory has for the peer. What has left memory is asked for, and nothing is sent until it comes.</summary>
    private IReadOnlyList<Entry> SliceFor(Progress peer)
    {
        var low = peer.Next;
        if (low > LastIndex)
        {
            return [];
        }

        if (low < _log.FirstInMemory)
        {
            // Nothing else is sent to it meanwhile: later entries would only be refused.
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

    /// <summary>A peer that does not answer gets no snapshot: spooling gigabytes for a dead member is lost work.</summary>
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
        // Not beyond what the peer has acknowledged: it takes the number without comparing logs, and may hold other
        // entries above that (thesis 3.6 asks for the comparison; here Match stands for it).
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
