// Ends leases and keys whose time is up, as the leader has found.
//
//   command: term, count, (id, generation)*, count, (id, generation, key, mod revision)*
//   result:  expired leases, deleted keys

using Raftd.State.Keyspaces;
using Raftd.State.Leases;
using Raftd.State.Wire;

namespace Raftd.State.Commands;

/// <summary>Ends what ran out. Term is the proposer's Raft term; void in an entry of another term.</summary>
/// <remarks>Each lease and each key ends in a revision of its own: a watcher gets a revision whole, so it stays small.</remarks>
public sealed record LeaseExpireCommand(
    ulong Term, IReadOnlyList<LeaseExpiry> Leases, IReadOnlyList<LeaseKeyExpiry> Keys) : DeletingCommand
{
    internal static readonly CommandForm Form = new(CommandTag.LeaseExpire, Read);

    internal override CommandTag Tag => CommandTag.LeaseExpire;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Unsigned(Term);
        writer.Number(Leases.Count);
        foreach (var lease in Leases)
        {
            writer.Number(lease.Id);
            writer.Number(lease.Generation);
        }

        writer.Number(Keys.Count);
        foreach (var key in Keys)
        {
            writer.Number(key.Id);
            writer.Number(key.Generation);
            writer.Bytes(key.Key.Span);
            writer.Number(key.ModRevision);
        }
    }

    /// <summary>What does not hold any more is left out, and the lessor hears of it.</summary>
    internal override CommandResult? Check(WorkingState state) => null;

    internal override long CountDeleted(WorkingState state)
    {
        var keys = 0L;
        foreach (var due in Leases)
        {
            keys += 1 + state.Leases.CountKeys(due.Id);
        }

        return keys + Keys.Count;
    }

    internal override IEnumerable<CommandResult?> Slices(WorkingState state, int sliceKeys)
    {
        var leases = 0L;
        var keys = 0L;
        var slice = 0L;
        foreach (var due in Leases)
        {
            if (DueLease(state, due) is not { } lease)
            {
                continue;
            }

            foreach (var deleted in state.LeaseApplier.Revoke(lease, sliceKeys))
            {
                keys += deleted;
                slice += 1 + deleted;
                if (slice > sliceKeys)
                {
                    slice = 0;
                    yield return null;
                }
            }

            leases++;
            state.Keyspace.Close();
        }

        foreach (var due in Keys)
        {
            if (DueKey(state, due) is { } live)
            {
                keys++;
                leases += state.LeaseApplier.ExpireKey(live) ? 1 : 0;
                state.Keyspace.Close();
                if (++slice > sliceKeys)
                {
                    slice = 0;
                    yield return null;
                }
            }
        }

        yield return new LeaseExpireResult(state.Keyspace.Revision, leases, keys);
    }

    /// <summary>The lease of an expiry that still holds; the lessor hears of one that does not.</summary>
    private LeaseRecord? DueLease(WorkingState state, LeaseExpiry due)
    {
        if (state.EntryTerm == Term && state.Leases.Find(due.Id) is { } lease && lease.Generation == due.Generation)
        {
            return lease;
        }

        Void(state, due.Id, key: null);
        return null;
    }

    private ILiveKey? DueKey(WorkingState state, LeaseKeyExpiry due)
    {
        if (state.EntryTerm == Term && state.LeaseApplier.FindDue(due) is { } key)
        {
            return key;
        }

        Void(state, due.Id, due.Key.ToArray());
        return null;
    }

    private void Void(WorkingState state, long id, byte[]? key) =>
        state.LeaseChanges.Add(new LeaseChange(LeaseChangeKind.ExpiryVoid, id, Key: key, Term: Term));

    private static LeaseExpireCommand Read(ref WireReader reader)
    {
        var term = reader.Unsigned();
        var leases = new LeaseExpiry[reader.Count(minElementBytes: 2)];
        for (var i = 0; i < leases.Length && !reader.Failed; i++)
        {
            leases[i] = new LeaseExpiry(reader.Number(), reader.Number());
        }

        var keys = new LeaseKeyExpiry[reader.Count(minElementBytes: 4)];
        for (var i = 0; i < keys.Length && !reader.Failed; i++)
        {
            keys[i] = new LeaseKeyExpiry(reader.Number(), reader.Number(), reader.Bytes(), reader.Number());
        }

        return new LeaseExpireCommand(term, leases, keys);
    }
}

/// <summary>How much of the batch still held when it was applied.</summary>
public sealed record LeaseExpireResult(long Revision, long ExpiredLeases, long DeletedKeys) : CommandResult(Revision)
{
    internal override ResultTag Tag => ResultTag.LeaseExpire;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Number(ExpiredLeases);
        writer.Number(DeletedKeys);
    }

    internal static LeaseExpireResult Read(ref WireReader reader, long revision) =>
        new(revision, reader.Number(), reader.Number());
}
