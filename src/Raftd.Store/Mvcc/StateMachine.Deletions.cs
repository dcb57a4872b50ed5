// Entries that may delete many keys: a range, a lease with its keys, a batch of leases whose time is up.
//
// The naive way deletes them all in one step. A million keys take seconds, and for as long the applier cannot take in
// leases, hand over to the flusher or stop. Cutting the deletion into several entries would show half of it to readers and
// watchers. So it stays one entry, and apply works through it in slices:
//
//   1. Apply counts first, which takes logarithmic time. What fits one slice is done at once, like any other entry.
//   2. For more it answers null and has changed nothing. The applier publishes and answers what came before, because from
//      the first slice on the working state is in the middle of an entry.
//   3. Each ApplySlice deletes up to StoreOptions.SliceKeys keys. Between two of them readers read the last published view.
//   4. The last slice answers the result. All keys of the entry have one revision and differ by sub, and one Publish shows
//      them all.
//
// The size of a slice is each member's own: no result, revision or hash depends on it.
//
// Invariant: between the first and the last slice nothing is published, frozen or installed. A crash there loses nothing;
// the entry is in the log and begins anew.

using Raftd.Store.Commands;
using Raftd.Store.Leases;

namespace Raftd.Store.Mvcc;

public sealed partial class StateMachine
{
    private LongEntry? _long;

    /// <summary>The next slice of an entry for which Apply answered null.</summary>
    /// <returns>Its result with the last slice, as of Apply; null before.</returns>
    public CommandResult? ApplySlice()
    {
        Invariant.Check(_long is not null, $"a slice of no entry, behind entry {_state.Applied.Index}");
        var entry = _long;
        entry.HasBegun = true;
        Failpoint.Hit("apply.slice");
        if (NextResult(entry.Slices) is not { } result)
        {
            return null;
        }

        _long = null;
        entry.Slices.Dispose();
        return End(entry.Index, entry.Term, result);
    }

    private static CommandResult? NextResult(IEnumerator<CommandResult?> slices)
    {
        Invariant.Check(slices.MoveNext(), "the last slice of an entry brought no result");
        return slices.Current;
    }

    /// <summary>The slices of a command that deletes what it finds; null for any other command. The last one is the result.</summary>
    private IEnumerable<CommandResult?>? Deletion(Command command, ulong term) => command switch
    {
        DeleteRangeCommand delete => DeleteRange(delete),
        LeaseRevokeCommand revoke => LeaseRevoke(revoke),
        LeaseExpireCommand expire => LeaseExpire(expire, term),
        _ => null,
    };

    private CommandResult? ApplyDeletion(ulong index, ulong term, Command command, IEnumerable<CommandResult?> deletion)
    {
        var slices = deletion.GetEnumerator();
        if (KeysOf(command) > _options.SliceKeys)
        {
            _long = new LongEntry(index, term, slices);
            return null;
        }

        CommandResult? result;
        do
        {
            result = NextResult(slices);
        }
        while (result is null);
        slices.Dispose();
        return End(index, term, result);
    }

    /// <summary>How many keys and leases a command would delete at most.</summary>
    private long KeysOf(Command command)
    {
        var keys = 0L;
        switch (command)
        {
            case DeleteRangeCommand delete:
                return _state.Keyspace.CountLive(delete.Key.Span, delete.RangeEnd.Span);
            case LeaseRevokeCommand revoke:
                return _state.Leases.CountKeys(revoke.Id);
            case LeaseExpireCommand expire:
                foreach (var due in expire.Leases)
                {
                    keys += 1 + _state.Leases.CountKeys(due.Id);
                }

                return keys + expire.Keys.Count;
            default:
                throw new InvariantViolationException($"{command.GetType().Name} deletes nothing");
        }
    }

    private IEnumerable<CommandResult?> DeleteRange(DeleteRangeCommand delete)
    {
        var keyspace = _state.Keyspace;
        if (!Holds(delete.Condition, keyspace.FindLive(delete.Key.Span)))
        {
            yield return new DeleteRangeResult(keyspace.Revision, Succeeded: false, Deleted: 0);
            yield break;
        }

        var range = new KeyRange(delete.Key, delete.RangeEnd);
        var from = range.Low;
        var deleted = 0L;
        while (true)
        {
            // Collected first: deleting changes the tree that the scan walks.
            var doomed = keyspace.LiveIn(range, from, _options.SliceKeys);
            doomed.ForEach(DeleteKey);
            deleted += doomed.Count;
            if (doomed.Count < _options.SliceKeys)
            {
                break;
            }

            from = doomed[^1].Key;
            yield return null;
        }

        yield return new DeleteRangeResult(keyspace.Revision, Succeeded: true, deleted);
    }

    private IEnumerable<CommandResult?> LeaseRevoke(LeaseRevokeCommand revoke)
    {
        if (_state.Leases.Find(revoke.Id) is not { } lease)
        {
            yield return LeaseNotFound(revoke.Id);
            yield break;
        }

        var keys = 0L;
        foreach (var deleted in Revoke(lease))
        {
            keys += deleted;
            if (deleted == _options.SliceKeys)
            {
                yield return null;
            }
        }

        yield return new LeaseRevokeResult(_state.Keyspace.Revision, keys);
    }

    /// <summary>Ends a lease: its keys go in the one revision that is open, or in a new one.</summary>
    /// <returns>The number of keys that each slice has deleted: SliceKeys, but for the last, with which the lease goes.</returns>
    private IEnumerable<int> Revoke(LeaseRecord lease)
    {
        while (true)
        {
            var keys = _state.Leases.KeysOf(lease.Id, _options.SliceKeys);
            keys.ForEach(key => DeleteKeyOf(lease, key));
            if (keys.Count < _options.SliceKeys)
            {
                DropLease(lease);
                yield return keys.Count;
                yield break;
            }

            yield return keys.Count;
        }
    }

    private void DeleteKeyOf(LeaseRecord lease, byte[] key)
    {
        var live = _state.Keyspace.FindLive(key);
        Invariant.Check(
            live is not null && live.Lease == lease.Id, $"lease {lease.Id} has a key that names lease {live?.Lease}");
        _state.Leases.Detach(lease.Id, key);
        _state.Keyspace.Delete(live!);
    }

    private IEnumerable<CommandResult?> LeaseExpire(LeaseExpireCommand expire, ulong term)
    {
        var leases = 0L;
        var keys = 0L;
        var slice = 0;
        foreach (var due in expire.Leases)
        {
            if (DueLease(due, expire.Term, term) is not { } lease)
            {
                continue;
            }

            foreach (var deleted in Revoke(lease))
            {
                keys += deleted;
                slice += 1 + deleted;
                if (slice > _options.SliceKeys)
                {
                    slice = 0;
                    yield return null;
                }
            }

            // Each lease ends in a revision of its own: a watcher gets a revision whole, so it stays small.
            leases++;
            _state.Keyspace.Close();
        }

        foreach (var due in expire.Keys)
        {
            if (DueKey(due, expire.Term, term) is { } live)
            {
                keys++;
                leases += ExpireKey(live) ? 1 : 0;
                _state.Keyspace.Close();
                if (++slice > _options.SliceKeys)
                {
                    slice = 0;
                    yield return null;
                }
            }
        }

        yield return new LeaseExpireResult(_state.Keyspace.Revision, leases, keys);
    }

    /// <summary>The lease of an expiry that still holds; the lessor hears of one that does not.</summary>
    private LeaseRecord? DueLease(LeaseExpiry due, ulong proposed, ulong term)
    {
        if (term == proposed && _state.Leases.Find(due.Id) is { } lease && lease.Generation == due.Generation)
        {
            return lease;
        }

        Void(due.Id, key: null, proposed);
        return null;
    }

    private KeyRecord? DueKey(LeaseKeyExpiry due, ulong proposed, ulong term)
    {
        if (term == proposed && DueKey(due) is { } key)
        {
            return key;
        }

        Void(due.Id, due.Key.ToArray(), proposed);
        return null;
    }

    /// <summary>Deletes a key that ran out, and its lease if that was its last key. True if the lease went too.</summary>
    private bool ExpireKey(KeyRecord key)
    {
        DeleteKey(key);
        if (_state.Leases.HasKeys(key.Lease))
        {
            return false;
        }

        DropLease(_state.Leases.Find(key.Lease)!);
        return true;
    }

    /// <summary>An entry that takes several slices. The working state is in its middle from the first slice on.</summary>
    private sealed class LongEntry(ulong index, ulong term, IEnumerator<CommandResult?> slices)
    {
        public ulong Index { get; } = index;

        public ulong Term { get; } = term;

        public IEnumerator<CommandResult?> Slices { get; } = slices;

        public bool HasBegun { get; set; }
    }
}
