using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.Store.Buckets;
using Raftd.Store.Leases;
using Raftd.Store.Mvcc;
using Raftd.Testing;

namespace Raftd.Store.Tests.Mvcc;

/// <summary>What rots in the store is noticed: at the start, or by the read that would have handed it out.</summary>
public sealed class StoredDamageTests : IDisposable
{
    private readonly TestStore _store = new();
    private readonly List<(Bucket Bucket, byte[] Key, byte[] Value)> _pairs = [];
    private readonly string _sound;

    public StoredDamageTests()
    {
        _store.State.ApplyConfiguration(1, 1, new byte[] { 1, 2, 3 });
        _store.Apply(By.Nobody.LeaseGrant(7, "services/api", 10, unique: false, LeaseKind.Rest));
        _store.Put("a", "small", lease: 7);
        _store.Put("a", "overwritten");

        // A key of a lease that has something stored of its own, and a lease with a floor.
        _store.Apply(KeepAlive("one"));
        _store.Apply(KeepAlive("two"));
        _store.Apply(By.Nobody.LeaseCheckpoint(new LeaseCheckpointCommand(1, [new LeaseRemaining(7, 4, 4000)], [])));
        _store.Apply(KeepAlive("one"));
        _store.Put("b", new string('v', ValueCache.MaxValueBytes + 1));
        _store.Put("c", "deleted");
        _store.Delete("c");
        _store.Apply(By.Nobody.AlarmRaise(new Alarm(AlarmKind.Corrupt, AlarmCause.Divergence, 5)));
        Assert.True(_store.Flush());
        using var reader = _store.Directory.Current.BeginRead();
        foreach (var bucket in Enum.GetValues<Bucket>())
        {
            using var cursor = reader.OpenCursor(bucket);
            for (var found = cursor.Seek([]); found; found = cursor.MoveNext())
            {
                _pairs.Add((bucket, cursor.Key.ToArray(), cursor.Value.ToArray()));
            }
        }

        Assert.Equal(2, _pairs.Count(pair => pair.Bucket == Bucket.Leases));
        Assert.Equal(5, _pairs.Select(pair => pair.Bucket).Distinct().Count());
        _sound = ReadAll() ?? throw new InvalidOperationException("noticed something although nothing is damaged");
    }

    public void Dispose() => _store.Dispose();

    [Fact]
    [Trait("Speed", "Slow")]
    public void EveryBitOfEveryValue_Flipped_IsNoticed()
    {
        foreach (var (bucket, key, value) in _pairs)
        {
            for (var bit = 0; bit < value.Length * 8; bit++)
            {
                Write(bucket, key, Flipped(value, bit));
                Assert.True(ReadAll() is null, $"{bucket} {Convert.ToHexString(key)}: bit {bit} of {value.Length * 8}");
            }

            Write(bucket, key, value);
        }

        Assert.Equal(_sound, ReadAll());
    }

    [Fact]
    public void Keys_AnyBitFlippedOrAPairGone_IsNoticed()
    {
        foreach (var (bucket, key, value) in _pairs)
        {
            Delete(bucket, key);
            Assert.True(bucket == Bucket.Alarms || ReadAll() is null, $"{bucket} {Convert.ToHexString(key)} is gone");
            for (var bit = 0; bit < key.Length * 8; bit++)
            {
                var other = Flipped(key, bit);
                if (_pairs.Exists(pair => pair.Bucket == bucket && pair.Key.AsSpan().SequenceEqual(other)))
                {
                    continue;
                }

                Write(bucket, other, value);
                Assert.True(ReadAll() is null, $"{bucket} {Convert.ToHexString(key)}: bit {bit} of the key");
                Delete(bucket, other);
            }

            Write(bucket, key, value);
        }

        Assert.Equal(_sound, ReadAll());
    }

    [Fact]
    public void EveryPair_CutAnywhere_IsNoticed()
    {
        foreach (var (bucket, key, value) in _pairs)
        {
            for (var length = 0; length < value.Length; length++)
            {
                Write(bucket, key, value[..length]);
                Assert.True(ReadAll() is null, $"{bucket} {Convert.ToHexString(key)}: {length} of {value.Length} bytes");
            }

            Write(bucket, key, value);
        }
    }

    [Fact]
    public void VerifyPair_Damaged_Throws()
    {
        foreach (var (bucket, key, value) in _pairs)
        {
            StateMachine.VerifyPair(bucket, key, value);
            var failure = Assert.Throws<BucketStoreException>(() => StateMachine.VerifyPair(bucket, key, Flipped(value, (value.Length * 8) - 1)));
            Assert.Equal(BucketStoreFault.Corrupt, failure.Fault);
        }
    }

    /// <summary>A length is asked for, and the value is not even looked at: the damage in it stays unnoticed.</summary>
    [Fact]
    public void Value_LeftOutOfARange_IsNotRead()
    {
        var (bucket, key, value) = _pairs.MaxBy(pair => pair.Value.Length);
        Write(bucket, key, Flipped(value, (value.Length * 8) - 1));
        using var state = StateMachine.Open(_store.Directory, new StoreOptions());
        foreach (var revision in new long[] { 0, 6 })
        {
            var request = new RangeRequest { Key = "b"u8.ToArray(), Revision = revision };
            foreach (var without in new[] { request with { KeysOnly = true }, request with { MaxValueBytes = ValueCache.MaxValueBytes } })
            {
                var item = state.Range(without).Items.Single();
                Assert.Equal((0, ValueCache.MaxValueBytes + 1), (item.Value.Length, item.ValueBytes));
            }
        }

        Assert.Throws<StoreException>(() => state.Range(new RangeRequest { Key = "b"u8.ToArray(), Revision = 6 }));
    }

    /// <summary>A page that went while the member runs: the index has the revision, the store does not.</summary>
    [Fact]
    public void PairThatGoesUnderARunningState_IsCalledDamage_ByTheReadThatMissesIt()
    {
        var (bucket, key, _) = _pairs.MaxBy(pair => pair.Value.Length);
        using var state = StateMachine.Open(_store.Directory, new StoreOptions());
        var damage = new List<BucketStoreException>();
        state.Damaged = damage.Add;
        Delete(bucket, key);
        var refused = Assert.Throws<StoreException>(() => state.Range(new RangeRequest { Key = "b"u8.ToArray() }));
        Assert.Equal(ErrorCode.NotReady, refused.Code);
        Assert.Equal(BucketStoreFault.Corrupt, Assert.Single(damage).Fault);

        // A put that returns what was there reads it while it is applied, on the thread whose failure ends the process.
        var put = By.Nobody.Put(new PutRequest { Key = "b"u8.ToArray(), Value = new byte[1], ReturnPrevious = true });
        var failure = Assert.Throws<BucketStoreException>(() => state.Apply(state.Applied.Index + 1, term: 1, put));
        Assert.Equal(BucketStoreFault.Corrupt, failure.Fault);
    }

    [Fact]
    public void PairOfALeasedKeyThatIsNotThere_IsNoticed_ThoughChecksumAndBytesAreRight()
    {
        var (_, key, value) = _pairs.Single(pair => pair.Bucket == Bucket.Leases && pair.Key.Length == LeaseKeyCodec.EncodedKeyBytes);
        var other = Flipped(key, bit: (8 * key.Length) - 1);
        var moved = value.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(
            moved.AsSpan()[^StoredChecksum.Bytes..], StoredChecksum.Of(other, value.AsSpan()[..^StoredChecksum.Bytes]));
        Delete(Bucket.Leases, key);
        Write(Bucket.Leases, other, moved);
        StateMachine.VerifyPair(Bucket.Leases, other, moved);
        Assert.Null(ReadAll());
    }

    private static ReadOnlyMemory<byte> KeepAlive(string key) => By.Nobody.LeaseKeepAlive(new LeaseKeepAliveRequest
    {
        Id = 7,
        Key = TestStore.Bytes(key),
        Data = TestStore.Bytes(key),
    });

    private static byte[] Flipped(byte[] bytes, int bit)
    {
        var flipped = bytes.ToArray();
        flipped[bit / 8] ^= (byte)(1 << (bit % 8));
        return flipped;
    }

    private void Write(Bucket bucket, byte[] key, byte[] value) =>
        _store.Directory.Current.Write(writer => writer.Put(bucket, key, value));

    private void Delete(Bucket bucket, byte[] key) => _store.Directory.Current.Write(writer => writer.Delete(bucket, key));

    /// <summary>Starts on what the store has, and reads every key at every revision.</summary>
    /// <returns>Null where damage was noticed.</returns>
    private string? ReadAll()
    {
        try
        {
            using var state = StateMachine.Open(_store.Directory, new StoreOptions());
            BucketStoreException? damage = null;
            state.Damaged = noticed => damage = noticed;
            var text = new StringBuilder();
            for (var revision = 1; revision <= state.View().Revision; revision++)
            {
                try
                {
                    var all = state.Range(new RangeRequest { Key = new byte[1], RangeEnd = new byte[1], Revision = revision });
                    text.AppendJoin(' ', all.Items.Select(item => $"{item.ModRevision} {Encoding.UTF8.GetString(item.Value.Span)}")).AppendLine();
                }
                catch (StoreException refused) when (refused.Code == ErrorCode.NotReady)
                {
                    Assert.NotNull(damage);
                    return null;
                }
            }

            text.AppendJoin(' ', state.View().Alarms).Append(CultureInfo.InvariantCulture, $" {Convert.ToHexString(state.Configuration.Span)}");
            return text.ToString();
        }
        catch (BucketStoreException damaged) when (damaged.Fault == BucketStoreFault.Corrupt)
        {
            return null;
        }
    }
}
