namespace Raftd.Raft;

/// <content>
/// What a follower does with appends, heartbeats and snapshots.
///
/// An append names the entry before its first one. A follower that has that entry, of that term, has the same log up to it
/// (log matching, paper 5.3): so it takes the append in. Otherwise it refuses and names where the logs may still agree.
///
/// Three rules keep what is committed:
/// - An append that starts below the commit index is late and changes nothing, even if it carries entries above it.
/// - Only an entry of another term at the same index cuts the log, and only above the commit index.
/// - The commit index moves at most to the last entry that this append has shown to agree, not to the last entry of the
///   log: a tail of an older term may still lie behind it (paper, Figure 2, AppendEntries 5).
///
/// An acknowledgement promises that the entries survive a crash here. So it leaves when they are durable (see Send), and a
/// member that may have lost entries marks its answers (RaftNode.Recovery.cs).
/// </content>
public sealed partial class RaftNode
{
    private void HandleAppend(Message m)
    {
        if (FindFault(m) is { } fault)
        {
            Drop(m, fault);
            return;
        }

        if (m.Index < Commit)
        {
            // It is late. Every leader has what is committed here, so the answer may name the commit index.
            MaybeAcknowledgeAppend(m, Commit);
            return;
        }

        if (!_log.Matches(new EntryId(m.LogTerm, m.Index)))
        {
            RejectAppend(m);
            return;
        }

        AppendMissing(m);

        // Up to here this log equals the leader's. What lies above was not compared, and may be an older leader's.
        var last = m.Index + (ulong)m.Entries.Count;
        _log.CommitTo(Math.Min(m.Commit, last));
        MaybeAcknowledgeAppend(m, last);
    }

    /// <summary>
    /// Stays silent where the leader says that it has this acknowledgement already. A recovering member always answers: the
    /// leader learns from the mark in its answers that it may have lost entries.
    /// </summary>
    private void MaybeAcknowledgeAppend(Message m, ulong index)
    {
        if (!m.Unanswered || _recovering)
        {
            AcknowledgeAppend(m, index);
        }
    }

    /// <summary>What no correct leader sends, or null. Found here, so that the log can rely on what it is given.</summary>
    /// <remarks>Terms rise along the entries and stay at or below the leader's; no entry is of term 0.</remarks>
    private static string? FindFault(Message m)
    {
        var previous = new EntryId(m.LogTerm, m.Index);
        if (previous.Index == ulong.MaxValue || (previous.Index == 0 && previous.Term != 0) || previous.Term > m.Term)
        {
            return $"append after {previous} in term {m.Term}";
        }

        for (var i = 0; i < m.Entries.Count; i++)
        {
            var entry = m.Entries[i];
            if (entry.Index != previous.Index + 1 || entry.Term < previous.Term || entry.Term > m.Term || entry.Term == 0)
            {
                return $"entry {entry.Id} after {previous} in term {m.Term}";
            }

            if (entry.Kind == EntryKind.Configuration
                && !(Configuration.TryDecode(entry.Data.Span, out var configuration) && configuration.IsValid))
            {
                return $"configuration entry {entry.Id} is malformed or has no voter";
            }

            previous = entry.Id;
        }

        return null;
    }

    /// <summary>
    /// Appends what is not there yet. Only a conflict of terms truncates: a late append must not cut off what a newer one
    /// brought (paper, Figure 2, AppendEntries 3 and 4; docs/failures.md, 18). No conflict reaches down to what is
    /// committed, because the entry before these agrees and is at or above the commit index.
    /// </summary>
    private void AppendMissing(Message m)
    {
        var i = 0;
        while (i < m.Entries.Count && _log.Matches(m.Entries[i].Id))
        {
            i++;
        }

        if (i < m.Entries.Count && m.Entries[i].Index <= LastIndex)
        {
            Truncate(m.Entries[i].Id);
        }

        for (; i < m.Entries.Count; i++)
        {
            AppendAsFollower(m.Entries[i]);
        }
    }

    private void AppendAsFollower(Entry entry)
    {
        _log.Append(entry);
        if (entry.Kind == EntryKind.Configuration)
        {
            AdoptConfiguration(entry.Index, DecodeConfiguration(entry));
        }
    }

    /// <remarks>
    /// Three places remember the entries that are cut off, and each forgets them here: the log, the writes under way (a late
    /// report must not call the entries that follow durable, see <see cref="InflightWrites"/>), and the configurations.
    /// </remarks>
    private void Truncate(EntryId conflict)
    {
        Invariant.Check(Role == RaftRole.Follower, $"a {Role} of term {Term} would cut its log from {conflict.Index} on");
        Report(new ConflictTruncated(conflict.Index, LastIndex, conflict.Term));
        _log.TruncateFrom(conflict.Index);
        _writes.TruncateFrom(conflict.Index);
        RollBackConfigurations(conflict.Index);
    }

    private void AcknowledgeAppend(Message m, ulong index) => Send(new Message
    {
        Kind = MessageKind.MsgAppResp,
        To = m.From,
        From = Id,
        Term = Term,
        Index = index,
        Nonce = _nonce,
        Recovering = _recovering,
    });

    /// <remarks>
    /// The hint goes out with its term, so that the leader can skip the rest of that term on its own side as well
    /// (HandleRejection). Index repeats the question: by it the leader tells this refusal from a late one.
    /// </remarks>
    private void RejectAppend(Message m)
    {
        var hint = _log.HighestNotAfter(Math.Min(m.Index, LastIndex), m.LogTerm);
        Send(new Message
        {
            Kind = MessageKind.MsgAppResp,
            To = m.From,
            From = Id,
            Term = Term,
            Index = m.Index,
            Reject = true,
            RejectHint = hint.Index,
            LogTerm = hint.Term,
            Nonce = _nonce,
            Recovering = _recovering,
        });
    }

    /// <remarks>
    /// A heartbeat names no entry, so it does not show that the logs agree. Its commit index is safe all the same: the
    /// leader never sends more than this member has acknowledged to it (SendHeartbeat).
    /// </remarks>
    private void HandleHeartbeat(Message m)
    {
        if (m.Commit > LastIndex)
        {
            // The leader knows of these entries from this member's own acknowledgement: they are lost here.
            BeginRecovery(RecoveryReason.MissingEntries);
        }

        _log.CommitTo(Math.Min(m.Commit, LastIndex));
        if (m.Recovered && m.Nonce == _nonce)
        {
            EndRecovery(RecoveryEnd.CaughtUp);
        }

        Send(new Message
        {
            Kind = MessageKind.MsgHeartbeatResp,
            To = m.From,
            From = Id,
            Term = Term,
            ReadId = m.ReadId,
            Index = m.Index,
            AnsweredNonce = m.Nonce,
            Nonce = _nonce,
            Recovering = _recovering,
        });
    }

    /// <summary>A whole and verified snapshot lies beside the state. Takes it in, unless the log covers it already.</summary>
    /// <remarks>
    /// The replica streams and verifies it before the core hears of it, so a snapshot may arrive long after appends have
    /// overtaken it. Its entries beyond the commit index are kept when they match: replacing the log would throw away
    /// entries that this member has acknowledged.
    /// </remarks>
    private void HandleSnapshot(Message m)
    {
        if (m.Snapshot is not { } snapshot
            || !snapshot.Configuration.IsValid
            || snapshot.ConfigurationIndex > snapshot.Id.Index
            || snapshot.Id.Index > MaxTermOrIndex
            || snapshot.Id.Term > m.Term)
        {
            Drop(m, "snapshot without sound metadata");
            return;
        }

        if (snapshot.Id.Index <= Commit)
        {
            Report(new SnapshotIgnored(snapshot.Id, m.From));
            AcknowledgeAppend(m, Commit);
        }
        else if (_log.Matches(snapshot.Id))
        {
            // The entries are here; this member did not know yet that they are committed.
            Report(new SnapshotIgnored(snapshot.Id, m.From));
            _log.CommitTo(snapshot.Id.Index);
            AcknowledgeAppend(m, Commit);
        }
        else
        {
            Restore(snapshot, m.From);
            AcknowledgeAppend(m, snapshot.Id.Index);
        }
    }

    /// <remarks>
    /// The whole old log goes: the snapshot covers its committed part, and the rest ends before it or does not match it.
    /// Writes under way report nothing durable any more. The acknowledgement leaves when the installed snapshot is durable,
    /// like any other.
    /// </remarks>
    private void Restore(SnapshotMetadata snapshot, NodeId from)
    {
        Invariant.Check(Role == RaftRole.Follower, $"a {Role} of term {Term} would replace its log by the snapshot {snapshot.Id}");
        Report(new SnapshotAccepted(snapshot.Id, from));
        _log.Restore(snapshot.Id);
        _writes.TruncateFrom(1);
        _history.Restart(snapshot.ConfigurationIndex, snapshot.Configuration);
        _snapshot = new SnapshotInstall(snapshot, from);
        Report(new ConfigurationChanged(snapshot.ConfigurationIndex, snapshot.Configuration));
        Invariant.Check(
            LastIndex == snapshot.Id.Index && Commit == LastIndex, $"log of {LastIndex}, commit {Commit} behind the snapshot {snapshot.Id}");
    }
}
