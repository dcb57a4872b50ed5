namespace Raftd.Raft;

/// <content>
/// Membership: one voter at a time.
///
/// The naive way switches from one configuration to the next at some moment on each member; between those moments two
/// disjoint majorities can exist. Two majorities of configurations that differ by one voter always share a member, so
/// single-server changes are safe (thesis 4.1), provided that
/// 1. a configuration counts from the moment it is appended, and rolls back with its entry
///    (failure 13 of docs/failures.md),
/// 2. the next change waits until the one before is committed,
/// 3. and until an entry of this term is committed: without it two leaders of different terms can each start from a
///    configuration that the other does not know (the bug found in 2015; docs/failures.md, 12).
/// Changes of learners and of the context go the same way, so that there is one history.
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

            // Without a voter less may be needed for what is under way already.
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

        return next.IsValid && next.VoterDifference(Configuration) <= 1 ? ProposeResult.Accepted : ProposeResult.Invalid;
    }

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

    /// <summary>Finds the configurations in the log behind the state that the boot configuration belongs to.</summary>
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
    /// Keeps what is known of peers that stay; a new one is probed with the newest entry, in a new term the one to come.
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

        // A member just added gets a whole timeout before the quorum check misses it, and a snapshot without having spoken.
        return new Progress(id, next, Configuration.IsLearner(id), _options) { RecentActive = !isNewTerm };
    }

    /// <summary>
    /// A leader that removed itself leads, without counting itself, until that is committed (thesis 4.2.2). The others
    /// learn of the commit before it goes.
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
