// Freezing and flushing: how applied changes get from memory to the store.
//
// The apply thread freezes the active half of the overlay and goes on with a new one; the flusher's thread writes the frozen
// half and drops it. At every moment each record is in a place that readers look at:
//
//   active half ── TryFreeze, one assignment ──> frozen half ── Flush: the store has it, then the half is dropped ──> store
//
// A reader takes both halves as one value first and begins a read transaction afterwards, so it cannot miss a record that
// moves meanwhile (RecordReader).
//
// Invariants:
//   - A freeze falls between two entries, so the store is always the state after exactly one applied index.
//   - Halves is set by the apply thread only while nothing is frozen, by the flusher only while something is. So neither
//     overwrites the other's change, and no lock is needed.
//   - Meta is in the same transaction as the records: index, hash and configuration cannot part from the data.

using Raftd.Store.Buckets;
using Raftd.Store.Mvcc;

namespace Raftd.Store;

public sealed partial class StateMachine
{
    private ulong _frozenIndex;
    private ulong _flushedIndex;

    /// <summary>The store holds the state up to this entry. The log may be deleted below it. Any thread.</summary>
    public ulong FlushedIndex => Volatile.Read(ref _flushedIndex);

    /// <summary>The configuration last applied, and the entry it came with. Apply thread; others read View().</summary>
    public ReadOnlyMemory<byte> Configuration => _state.Working.Configuration;

    public ulong ConfigurationIndex => _state.Working.ConfigurationIndex;

    /// <summary>Logical bytes that are applied and not flushed, by half of the overlay. Any thread.</summary>
    public (long Active, long Frozen) UnflushedBytes
    {
        get
        {
            var halves = View().Epoch.Halves;
            return (halves.Active.Bytes, halves.Frozen?.Bytes ?? 0);
        }
    }

    /// <summary>Freezes what was applied since the last freeze. On the apply thread, between two entries.</summary>
    /// <returns>False while a frozen half is not flushed yet, while an entry has slices left, and where there is nothing to
    /// flush.</returns>
    public bool TryFreeze(out FrozenState frozen)
    {
        var state = _state;
        var halves = state.Epoch.Halves;
        frozen = null!;
        if (halves.Frozen is not null || state.Executor.UnfinishedEntry is not null)
        {
            return false;
        }

        state.Keyspace.CleanIndex(CleanedKeysPerFreeze);
        if (state.Keyspace.HasReplaced)
        {
            // The view still shows the records that the cleaning has replaced. A value that a reader caches in one of those
            // would be lost, so the new records are published first.
            Publish();
        }

        if (state.Applied.Index == _frozenIndex && state.Keyspace.Dead.Count == 0)
        {
            return false;
        }

        frozen = new FrozenState(state);
        _frozenIndex = state.Applied.Index;
        state.Epoch.Halves = new OverlayHalves(new Overlay(), halves.Active);
        return true;
    }

    /// <summary>Writes a frozen overlay in one durable transaction and drops it. On the flusher thread.</summary>
    /// <remarks>After an exception nothing is dropped: the same frozen overlay may be flushed again.</remarks>
    /// <exception cref="BucketStoreException">The store could not take it.</exception>
    public void Flush(FrozenState frozen)
    {
        var epoch = frozen.Epoch;
        if (epoch.Replaced)
        {
            // A snapshot that covers it was installed meanwhile.
            return;
        }

        Invariant.Check(
            ReferenceEquals(epoch.Halves.Frozen, frozen.Records), $"flush of {frozen.Applied.Index}, which is not the frozen half");
        epoch.Store.Write(writer =>
        {
            frozen.WriteTo(new FlushWriter(writer));
            Failpoint.Hit(
                "flush.commit", static errno => new BucketStoreException(BucketStoreFault.Io, $"commit: errno {errno}"));
        });
        Failpoint.Hit("flush.committed");

        // Only now: before the commit the frozen half is the one place that has these records.
        Volatile.Write(ref _flushedIndex, frozen.Meta.Applied.Index);
        epoch.Halves = new OverlayHalves(epoch.Halves.Active, Frozen: null);
        NoteDeleted(frozen.DeletesThrough);
    }

    private void AdoptFlushed(StateCopy state)
    {
        state.Epoch.Damaged = NoteDamage;
        _frozenIndex = state.Applied.Index;
        Volatile.Write(ref _flushedIndex, state.Applied.Index);
        if (state.Applied.Index != 0)
        {
            _hashes.Set(state.Applied.Index, state.Applied.Hash);
        }
    }
}
