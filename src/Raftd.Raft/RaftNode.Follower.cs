namespace Raftd.Raft;

/// <content>Taking in what a leader sends.</content>
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
            // A late one. What is committed agrees with every leader, so this acknowledges more than was asked.
            MaybeAcknowledgeAppend(m, Commit);
            return;
        }

        if (!_log.Matches(new EntryId(m.LogTerm, m.Index)))
        {
            RejectAppend(m);
            return;
        }

        AppendMissing(m);
        var last = m.Index + (ulong)m.Entries.Count;
        _log.CommitTo(Math.Min(m.Commit, last));
        MaybeAcknowledgeAppend(m, last);
    }

    /// <summary>
    /// Silent where the leader has this acknowledgement already and says so. A recovering member answers whatever it hears:
    /// the mark in its answers is what the leader goes by.
    /// </summary>
    private void MaybeAcknowledgeAppend(Message m, ulong index)
    {
        if (!m.Unanswered || _recovering)
        {
            AcknowledgeAppend(m, index);
        }
    }

    /// <summary>What no correct leader sends, found at the gate so that the log can trust what is inside.</summary>
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

            if (entry.Kind == EntryKind.Configuration && !Configuration.TryDecode(entry.Data.Span, out _))
            {
                return $"configuration entry {entry.Id} is malformed";
            }

            previous = entry.Id;
        }

        return null;
    }

    /// <summary>
    /// Appends what is not there yet. Only a real conflict truncates: a late append must not cut off what a newer one
    /// brought (paper, Figure 2, receiver 3 and 4; docs/failures.md, 18). No conflict can reach down to what is
    /// committed, because the entry before these is at or above the commit index and agrees.
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

    private void Truncate(EntryId conflict)
    {
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

    private void HandleHeartbeat(Message m)
    {
        if (m.Commit > LastIndex)
        {
            // The leader knows from this member itself that it had those entries.
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

    /// <summary>A whole, verified snapshot lies beside the state: take it in, or see that the log has all of it already.</summary>
    private void HandleSnapshot(Message m)
    {
        if (m.Snapshot is not { } snapshot
            || !snapshot.Configuration.IsValid
            || snapshot.ConfigurationIndex > snapshot.Id.Index
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
            // The entries are here, only the news that they are committed was missing.
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

    private void Restore(SnapshotMetadata snapshot, NodeId from)
    {
        Report(new SnapshotAccepted(snapshot.Id, from));
        _log.Restore(snapshot.Id);
        _writes.TruncateFrom(1);
        _history.Restart(snapshot.ConfigurationIndex, snapshot.Configuration);
        _snapshot = new SnapshotInstall(snapshot, from);
        Report(new ConfigurationChanged(snapshot.ConfigurationIndex, snapshot.Configuration));
    }
}
