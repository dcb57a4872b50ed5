// Tells the leader after this one how much time silent leases and keys have left.
//
//   command: term, count, (id, generation, remaining ms)*, count, (id, generation, key, mod revision, remaining ms)*
//   result:  done

using Raftd.State.Leases;
using Raftd.State.Wire;

namespace Raftd.State.Commands;

/// <summary>What a silent lease has left, for the leader after this one.</summary>
public readonly record struct LeaseRemaining(long Id, long Generation, long RemainingMilliseconds);

/// <summary>What a key of its own deadline has left that stayed silent while its lease was renewed.</summary>
public readonly record struct LeaseKeyRemaining(
    long Id, long Generation, ReadOnlyMemory<byte> Key, long ModRevision, long RemainingMilliseconds);

/// <summary>Keeps remaining times for the leader after this one. Term and generations as in LeaseExpireCommand.</summary>
/// <remarks>
/// What is stale needs no answer to the lessor: an entry that made it stale has renewed or removed the lease or the key,
/// or the lessor's term is over.
/// </remarks>
public sealed record LeaseCheckpointCommand(
    ulong Term, IReadOnlyList<LeaseRemaining> Leases, IReadOnlyList<LeaseKeyRemaining> Keys) : Command
{
    internal static readonly CommandForm Form = new(CommandTag.LeaseCheckpoint, Read);

    internal override CommandTag Tag => CommandTag.LeaseCheckpoint;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Unsigned(Term);
        writer.Number(Leases.Count);
        foreach (var lease in Leases)
        {
            writer.Number(lease.Id);
            writer.Number(lease.Generation);
            writer.Number(lease.RemainingMilliseconds);
        }

        writer.Number(Keys.Count);
        foreach (var key in Keys)
        {
            writer.Number(key.Id);
            writer.Number(key.Generation);
            writer.Bytes(key.Key.Span);
            writer.Number(key.ModRevision);
            writer.Number(key.RemainingMilliseconds);
        }
    }

    internal override CommandResult? Check(WorkingState state) => null;

    internal override CommandResult Execute(WorkingState state)
    {
        if (state.EntryTerm == Term)
        {
            foreach (var due in Leases)
            {
                Keep(state, due);
            }

            foreach (var due in Keys)
            {
                Keep(state, due);
            }
        }

        return new DoneResult(state.Keyspace.Revision);
    }

    private static void Keep(WorkingState state, LeaseRemaining due)
    {
        if (due.RemainingMilliseconds >= 0
            && state.Leases.Find(due.Id) is { } lease
            && lease.Generation == due.Generation)
        {
            var checkpointed = lease with { CheckpointMilliseconds = due.RemainingMilliseconds };
            state.Leases.Set(checkpointed);
            state.LeaseChanges.Add(new LeaseChange(LeaseChangeKind.Checkpointed, due.Id, checkpointed));
        }
    }

    private static void Keep(WorkingState state, LeaseKeyRemaining due)
    {
        var expiry = new LeaseKeyExpiry(due.Id, due.Generation, due.Key, due.ModRevision);
        if (due.RemainingMilliseconds < 0 || state.LeaseApplier.FindDue(expiry) is not { } key)
        {
            return;
        }

        var checkpointed = state.Leases.FindKey(due.Id, key.Key)! with
        {
            Generation = due.Generation,
            RemainingMilliseconds = due.RemainingMilliseconds,
        };
        state.Leases.Store(due.Id, key.Key, checkpointed);
        state.LeaseChanges.Add(
            new LeaseChange(LeaseChangeKind.Checkpointed, due.Id, Key: key.Key, KeyRecord: checkpointed));
    }

    private static LeaseCheckpointCommand Read(ref WireReader reader)
    {
        var term = reader.Unsigned();
        var leases = new LeaseRemaining[reader.Count(minElementBytes: 3)];
        for (var i = 0; i < leases.Length && !reader.Failed; i++)
        {
            leases[i] = new LeaseRemaining(reader.Number(), reader.Number(), reader.Number());
        }

        var keys = new LeaseKeyRemaining[reader.Count(minElementBytes: 5)];
        for (var i = 0; i < keys.Length && !reader.Failed; i++)
        {
            keys[i] = new LeaseKeyRemaining(
                reader.Number(), reader.Number(), reader.Bytes(), reader.Number(), reader.Number());
        }

        return new LeaseCheckpointCommand(term, leases, keys);
    }
}
