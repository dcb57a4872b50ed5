using System.Text;
using Raftd.Raft;
using Raftd.Simulation.Members;
using Raftd.State.Commands;
using Raftd.Store;
using Raftd.Store.Buckets;
using Raftd.Wal;

namespace Raftd.Simulation.Checkers;

/// <summary>State machine safety: at each index that two members apply, they apply the same entry there and stand at the same
/// hash afterwards. Keeps every entry that a member has applied, read back from that member's own log.</summary>
internal sealed class LogChecker(Cluster cluster, HistoryChecker history, LeaseChecker leases, LevelChecker levels)
{
    // At [index - 1].
    private readonly List<Applicable> _entries = [];

    public ulong LastIndex => (ulong)_entries.Count;

    public ulong TermOf(ulong index) => _entries[(int)index - 1].Entry.Term;

    /// <summary>The last index of which is known that a leader of an earlier term committed it.</summary>
    public ulong LastCommittedBefore(ulong term)
    {
        var index = _entries.Count;
        while (index > 0 && _entries[index - 1].SeenInTerm >= term)
        {
            index--;
        }

        return (ulong)index;
    }

    /// <summary>The state that all applied entries make of nothing, without the compactions: every revision there ever was.</summary>
    public StateMachine WithoutCompactions(IStateDirectory directory)
    {
        var state = StateMachine.Open(directory, new StoreOptions { SliceKeys = int.MaxValue, KnownLevel = SimulatedMember.NewestLevel });
        foreach (var (entry, _, _, _) in _entries)
        {
            Apply(state, entry);
        }

        state.Publish();
        return state;
    }

    public void Started(Incarnation member)
    {
        var applied = member.Parts.State.Applied;
        member.CheckedIndex = applied.Index;
        CompareHash(member, applied.Index, applied.Hash);
    }

    public void Applied(Incarnation member, ulong index)
    {
        var offer = member.Peers.Intake.LastHandedOver;
        var installed = offer is { Task: { IsCompletedSuccessfully: true, Result: true } }
            && offer != member.SeenInstall && offer.Header.Snapshot!.Id.Index == index;
        if (installed)
        {
            member.SeenInstall = offer;
            var state = member.Parts.State.Applied;
            SafetyViolationException.Require(
                index <= LastIndex && state.Term == TermOf(index),
                $"{member.Host.Name} installed a snapshot of {state.Term}/{index}, which no member applied");
            CompareHash(member, index, state.Hash);
        }
        else
        {
            Compare(member, index);
        }

        var first = member.CheckedIndex + 1;
        member.CheckedIndex = index;
        var mayEndLeases = installed;
        for (var at = first; at <= index && !mayEndLeases; at++)
        {
            mayEndLeases = _entries[(int)at - 1].MayEndLeases;
        }

        if (mayEndLeases)
        {
            leases.Look(member, index);
        }
    }

    private void Compare(Incarnation member, ulong index)
    {
        var entries = member.Host.Disk.Files.Peek(() => member.Parts.Wal.Read(member.CheckedIndex + 1, index + 1, long.MaxValue));
        SafetyViolationException.Require(
            (ulong)entries.Count == index - member.CheckedIndex,
            $"{member.Host.Name} applied up to {index}, its log has {entries.Count} entries behind {member.CheckedIndex}");
        foreach (var entry in entries)
        {
            SafetyViolationException.Require(
                member.Parts.State.TryGetHash(entry.Index, out var hash),
                $"{member.Host.Name} has no hash of entry {entry.Index}, which it just applied");
            if (entry.Index > LastIndex)
            {
                Learn(member, entry, hash);
                continue;
            }

            var known = _entries[(int)entry.Index - 1].Entry;
            SafetyViolationException.Require(
                known.Term == entry.Term && known.Kind == entry.Kind && known.Data.Span.SequenceEqual(entry.Data.Span),
                $"{member.Host.Name} applied {entry.Term}/{entry.Index}, another member {known.Term}/{known.Index} with "
                + $"another content there");
            CompareHash(member, entry.Index, hash);
        }
    }

    private static void Apply(StateMachine state, LogEntry entry)
    {
        if (entry.Kind == (byte)EntryKind.Configuration)
        {
            state.ApplyConfiguration(entry.Index, entry.Term, entry.Data);
        }
        else if (entry.Data.IsEmpty || (CommandCodec.TryDecode(entry.Data, out var command) && command is CompactCommand))
        {
            state.ApplyEmpty(entry.Index, entry.Term);
        }
        else
        {
            SafetyViolationException.Require(
                state.Apply(entry.Index, entry.Term, entry.Data) is not null, $"entry {entry.Index} takes more than one slice of any size");
        }
    }

    private void CompareHash(Incarnation member, ulong index, ulong hash)
    {
        if (index > 0)
        {
            SafetyViolationException.Require(
                index <= LastIndex && _entries[(int)index - 1].Hash == hash,
                $"{member.Host.Name} has hash {hash:x16} at entry {index} of {LastIndex}, another member had another");
        }
    }

    /// <summary>Applied for the first time anywhere: from now on it may never be otherwise.</summary>
    private void Learn(Incarnation member, LogEntry entry, ulong hash)
    {
        cluster.Trace.Add(entry.Index);
        cluster.Trace.Add(hash);
        Command? command = null;
        if (entry.Kind == (byte)EntryKind.Configuration)
        {
            SafetyViolationException.Require(
                Configuration.TryDecode(entry.Data.Span, out var configuration), $"configuration {entry.Index} is unreadable");
            cluster.Membership.Committed(configuration!);
        }
        else if (!entry.Data.IsEmpty)
        {
            SafetyViolationException.Require(
                CommandCodec.TryDecode(entry.Data, out command), $"entry {entry.Index} carries no command");
            if (command is PutCommand { Value.IsEmpty: false } written)
            {
                history.Learn(entry.Index, Encoding.UTF8.GetString(written.Value.Span));
            }

            leases.Learn(entry.Index, command!);
        }

        levels.Learn(entry, command);
        var mayEndLeases = command switch
        {
            null or LeaseGrantCommand or LeaseCheckpointCommand => false,
            PutCommand put => leases.IsOfLease(put.Key.Span),
            _ => true,
        };
        _entries.Add(new Applicable(entry, hash, member.Raft.Term, mayEndLeases));
    }

    /// <summary>SeenInTerm: the term of the member that applied it first; the commit was in that term or an earlier one.</summary>
    private sealed record Applicable(LogEntry Entry, ulong Hash, ulong SeenInTerm, bool MayEndLeases);
}
