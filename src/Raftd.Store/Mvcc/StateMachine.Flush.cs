using System.Buffers.Binary;
using Raftd.Contract;
using Raftd.Store.Buckets;
using Raftd.Store.Commands;
using Raftd.Store.Leases;

namespace Raftd.Store.Mvcc;

public sealed partial class StateMachine
{
    internal const int AlarmKeyBytes = 10;

    private ulong _frozenIndex;
    private ulong _flushedIndex;
    private ulong _flushedTerm;

    /// <summary>The store holds the state up to this entry. The log may be deleted below it. Any thread.</summary>
    public ulong FlushedIndex => Volatile.Read(ref _flushedIndex);

    /// <summary>The term of that entry. Read it after a flush on the same thread, or for display.</summary>
    public ulong FlushedTerm => Volatile.Read(ref _flushedTerm);

    /// <summary>The configuration last applied, and the entry it came with. Apply thread; others read View().</summary>
    public ReadOnlyMemory<byte> Configuration => _state.Configuration;

    public ulong ConfigurationIndex => _state.ConfigurationIndex;

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
    public bool TryFreeze(out FrozenOverlay frozen)
    {
        var state = _state;
        var halves = state.Epoch.Halves;
        frozen = null!;
        if (halves.Frozen is not null || _long is not null)
        {
            return false;
        }

        state.Keyspace.CleanIndex(CleanedKeysPerFreeze);
        if (state.Keyspace.HasReplaced)
        {
            // Values that readers cache in the records of the view are lost on those that have replaced them.
            Publish();
        }

        if (state.Applied.Index == _frozenIndex && state.Keyspace.Dead.Count == 0)
        {
            return false;
        }

        frozen = new FrozenOverlay(state, halves.Active, TakeDead(state.Keyspace.Dead));
        _frozenIndex = state.Applied.Index;
        state.Epoch.Halves = new OverlayHalves(new Overlay(), halves.Active);
        return true;
    }

    /// <summary>Writes a frozen overlay in one durable transaction and drops it. On the flusher thread.</summary>
    /// <remarks>After an exception nothing is dropped: the same frozen overlay may be flushed again.</remarks>
    /// <exception cref="BucketStoreException">The store could not take it.</exception>
    public void Flush(FrozenOverlay frozen)
    {
        var epoch = frozen.Epoch;
        if (epoch.Replaced)
        {
            // A snapshot that covers it was installed meanwhile.
            return;
        }

        Invariant.Check(
            ReferenceEquals(epoch.Halves.Frozen, frozen.Records), $"flush of {frozen.Applied.Index}, which is not the frozen half");
        epoch.Store.Write(writer => Write(writer, frozen));
        Failpoint.Hit("flush.committed");
        SetFlushed(frozen.Meta.Applied);
        epoch.Halves = new OverlayHalves(epoch.Halves.Active, Frozen: null);
        NoteDeleted(frozen.DeletesThrough);
    }

    private static void Write(IBucketWriter writer, FrozenOverlay frozen)
    {
        var buffer = new WireWriter(4096);
        Span<byte> key = stackalloc byte[Revision.EncodedBytes];
        var dead = new HashSet<Revision>(frozen.Dead);
        for (var i = 0; i < frozen.Records.Count; i++)
        {
            var record = frozen.Records[i];
            if (dead.Remove(record.Revision))
            {
                continue;
            }

            buffer.Reset();
            record.WriteTo(buffer);
            record.Revision.WriteTo(key);
            writer.Put(Bucket.Revisions, key, buffer.Written);
        }

        foreach (var revision in dead)
        {
            revision.WriteTo(key);
            writer.Delete(Bucket.Revisions, key);
        }

        WriteLeases(writer, frozen.Leases, buffer);
        WriteLeaseKeys(writer, frozen.LeaseKeys, buffer);
        WriteAlarms(writer, frozen.Alarms, buffer);
        if (frozen.Meta.ConfigurationIndex != 0)
        {
            buffer.Reset();
            buffer.Raw(frozen.Configuration);
            PutSealed(writer, Bucket.Members, ConfigurationKey, buffer);
        }

        buffer.Reset();
        frozen.Meta.WriteTo(buffer);
        PutSealed(writer, Bucket.Meta, StoredMeta.Key, buffer);
        Failpoint.Hit("flush.commit", static errno => new BucketStoreException(BucketStoreFault.Io, $"commit: errno {errno}"));
    }

    /// <summary>Stores what the buffer holds, with its checksum behind it.</summary>
    private static void PutSealed(IBucketWriter writer, Bucket bucket, ReadOnlySpan<byte> key, WireWriter buffer)
    {
        StoredChecksum.Seal(buffer, key);
        writer.Put(bucket, key, buffer.Written);
    }

    private static void WriteLeases(IBucketWriter writer, Dictionary<long, LeaseRecord?> leases, WireWriter buffer)
    {
        Span<byte> key = stackalloc byte[8];
        foreach (var (id, lease) in leases)
        {
            BinaryPrimitives.WriteInt64BigEndian(key, id);
            if (lease is null)
            {
                writer.Delete(Bucket.Leases, key);
                continue;
            }

            buffer.Reset();
            lease.WriteTo(buffer);
            PutSealed(writer, Bucket.Leases, key, buffer);
        }
    }

    private static void WriteLeaseKeys(
        IBucketWriter writer, Dictionary<LeaseKeyId, LeaseKeyRecord?> keys, WireWriter buffer)
    {
        Span<byte> key = stackalloc byte[LeaseKeyRecord.EncodedKeyBytes];
        foreach (var ((id, modRevision), record) in keys)
        {
            LeaseKeyRecord.WriteKey(key, id, modRevision);
            if (record is null)
            {
                writer.Delete(Bucket.Leases, key);
                continue;
            }

            buffer.Reset();
            record.WriteTo(buffer);
            PutSealed(writer, Bucket.Leases, key, buffer);
        }
    }

    /// <summary>Alarms are few: the bucket is written anew each time. Key: kind, cause (1 byte each), member id (8,
    /// big-endian).</summary>
    private static void WriteAlarms(IBucketWriter writer, Alarm[] alarms, WireWriter buffer)
    {
        while (writer.DeleteRange(Bucket.Alarms, [], [], maxPairs: 64) == 64)
        {
        }

        Span<byte> key = stackalloc byte[AlarmKeyBytes];
        foreach (var alarm in alarms)
        {
            key[0] = (byte)alarm.Kind;
            key[1] = (byte)alarm.Cause;
            BinaryPrimitives.WriteUInt64BigEndian(key[2..], alarm.MemberId);
            buffer.Reset();
            PutSealed(writer, Bucket.Alarms, key, buffer);
        }
    }

    private Revision[] TakeDead(Queue<Revision> dead)
    {
        var taken = new Revision[Math.Min(dead.Count, _options.MaxDeletesPerFlush)];
        for (var i = 0; i < taken.Length; i++)
        {
            taken[i] = dead.Dequeue();
        }

        return taken;
    }

    private void AdoptFlushed(WorkingState state)
    {
        state.Epoch.Damaged = NoteDamage;
        _frozenIndex = state.Applied.Index;
        SetFlushed(state.Applied);
        if (state.Applied.Index != 0)
        {
            _hashes.Set(state.Applied.Index, state.Applied.Hash);
        }
    }

    private void SetFlushed(AppliedState applied)
    {
        Volatile.Write(ref _flushedTerm, applied.Term);
        Volatile.Write(ref _flushedIndex, applied.Index);
    }
}
