namespace Raftd.Raft;

/// <content>
/// Membership: one voter at a time.
///
/// The naive way switches from one configuration to the next at some moment on each member. Between those moments the old
/// and the new configuration can each have a majority that knows nothing of the other's, and each elect a leader. But
/// majorities of two configurations that differ by one voter always share a member, so changes of one voter are safe
/// (thesis 4.1), under three conditions:
/// 1. A configuration counts from the moment it is appended, and rolls back with its entry
///    (failure 13 of docs/failures.md).
/// 2. The next change waits until the one before is committed: two uncommitted changes differ by two voters.
/// 3. It also waits until an entry of this term is committed: without that two leaders of different terms can each start
///    from a configuration that the other does not know (the bug found in 2015; docs/failures.md, 12).
/// Changes of learners and of the context go the same way, so that there is one history.
///
/// There is no joint configuration (paper, section 6): several voters change one after another. Each step is safe by
/// itself, and a crash between two of them leaves a cluster that works.
/// </content>
public sealed partial class RaftNode
{
    /// <summary>Appends a new configuration, whole, to the leader's log. It is in force at once.</summary>
    public ProposeResult ProposeConfiguration(Configuration next, out EntryId id)
    {
        id = default;
        var result = CheckChange(next);
        if (result == ProposeResult.Accepted)
        {
            id = AppendAsLeader(EntryKind.Configuration, next.Encode());
            AdoptConfiguration(id.Index, next);

            // With a voter less, a smaller majority may already have what is under way.
            MaybeCommit();
        }

        return result;
    }

    private ProposeResult CheckChange(Configuration next)
    {
        if (Role != RaftRole.Leader)
        {
            return ProposeResult.NotLeader;
        }

        if (!TransferTarget.IsNone)
        {
            return ProposeResult.Transferring;
        }

        if (!HasCommittedInTerm)
        {
            return ProposeResult.NotReady;
        }

        if (ConfigurationIndex > Commit)
        {
            return ProposeResult.ChangePending;
        }

        // One voter at most: the majorities of both configurations then share a member, whichever of them a voter knows.
        return next.IsValid && next.VoterDifference(Configuration) <= 1 ? ProposeResult.Accepted : ProposeResult.Invalid;
    }

    /// <remarks>
    /// A leader counts by the new voters from here on, for entries under way as well: condition 1 holds for the leader's
    /// own log first. Peers that leave are forgotten at once, with what they acknowledged.
    /// </remarks>
    private void AdoptConfiguration(ulong index, Configuration configuration)
    {
        _history.Add(index, configuration);
        Report(new ConfigurationChanged(index, configuration));
        if (Role == RaftRole.Leader)
        {
            BuildPeers(isNewTerm: false);
        }
    }

    private void RollBackConfigurations(ulong truncatedFrom)
    {
        var from = ConfigurationIndex;
        if (_history.TruncateFrom(truncatedFrom))
        {
            Report(new ConfigurationRolledBack(from, ConfigurationIndex, Configuration));
        }
    }

    /// <summary>Finds the configurations in the log that are newer than the one the durable state knows.</summary>
    private void ReadConfigurations(ulong from)
    {
        while (from <= LastIndex)
        {
            foreach (var entry in _log.Slice(from, LastIndex + 1, _options.MaxMessageBytes))
            {
                if (entry.Kind == EntryKind.Configuration && entry.Index > ConfigurationIndex)
                {
                    _history.Add(entry.Index, DecodeConfiguration(entry));
                }

                from = entry.Index + 1;
            }
        }
    }

    private static Configuration DecodeConfiguration(Entry entry)
    {
        var decoded = Configuration.TryDecode(entry.Data.Span, out var configuration);
        Invariant.Check(decoded && configuration is not null, $"configuration entry {entry.Id} in the log is malformed");
        return configuration;
    }

    /// <summary>
    /// Keeps what is known of peers that stay. A new peer is probed with the newest entry; in a new term every peer is
    /// new, and is probed with the leader's first entry, which is about to be appended.
    /// </summary>
    private void BuildPeers(bool isNewTerm)
    {
        var before = _peers;
        var peers = new List<Progress>();
        foreach (var id in Configuration.Voters.Concat(Configuration.Learners).Order())
        {
            if (id != Id)
            {
                peers.Add(Array.Find(before, peer => peer.Id == id) ?? NewPeer(id, isNewTerm));
                peers[^1].IsLearner = Configuration.IsLearner(id);
            }
        }

        _peers = [.. peers];
        _appendsDue = true;
    }

    private Progress NewPeer(NodeId id, bool isNewTerm)
    {
        var next = isNewTerm ? LastIndex + 1 : LastIndex;

        // A member just added counts as heard from: it gets a whole timeout before the quorum check misses it, and a snapshot
        // before its first answer. In a new term no peer has answered this leader yet.
        return new Progress(id, next, Configuration.IsLearner(id), _options) { RecentActive = !isNewTerm };
    }

    /// <summary>
    /// A leader that removed itself leads until that is committed, and does not count itself (thesis 4.2.2). It tells the
    /// others of the commit before it goes, so that they need not wait for the next leader to learn of it.
    /// </summary>
    private void StepDownIfRemoved()
    {
        if (Role == RaftRole.Leader && !IsVoter && ConfigurationIndex <= Commit)
        {
            FlushCommitNews();
            FlushAppends();
            StepDown(StepDownReason.Removed);
        }
    }
}
