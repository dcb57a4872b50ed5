// A second file that becomes what the store is, while the store goes on being written.
//
// The naive way copies from one read transaction, which pins the pages of its time for as long as the copy takes, and then has
// to find out what was written meanwhile. Here a cursor moves over all pairs in order, a slice in each step, each with a read
// transaction of its own. All steps and all writes to the store are on one thread. So at any moment the copy is described by
// two things:
//
//   below the cursor     the copy has what the store has, except for the keys in _written
//   above the cursor     the copy has nothing yet; a write there needs no notice, since the cursor will come to it
//
// A write notes the keys below the cursor that it touches; the next step brings each to what the store has then. It does not
// matter whether a batch ran twice or failed: a key that was noted for nothing is copied once more. Keys that grow (revisions)
// lie above the cursor until it has left their bucket, so the copy catches up as long as it is faster than the writes are.
//
// Invariant: when the cursor is at the end and no key is noted, both files hold the same pairs.

using Raftd.Store.Buckets;
using Raftd.Store.Snapshots;

namespace Raftd.Store.Lmdb;

/// <summary>Brings an empty store to what another one is.</summary>
/// <param name="source">In use.</param>
/// <param name="target">Empty; nothing else writes to it.</param>
/// <param name="verify">Looks at each pair: what is damaged must not be copied as if it were whole.</param>
/// <param name="stepBytes">Of pairs, in one step, beside what was written since the one before.</param>
internal sealed class CompactCopy(LmdbBucketStore source, LmdbBucketStore target, PairCheck verify, long stepBytes)
{
    private readonly List<(Bucket Bucket, byte[] Key)> _written = [];

    /// <summary>The bucket under the cursor, and its last key that is copied; null where none is.</summary>
    private Place _cursor = new(0, LastKey: null);

    public bool IsComplete => _cursor.Bucket == BucketLimits.BucketCount && _written.Count == 0;

    /// <summary>A write to the source touches this key.</summary>
    public void Note(Bucket bucket, ReadOnlySpan<byte> key)
    {
        if (_cursor.IsAtOrBehind(bucket, key))
        {
            _written.Add((bucket, key.ToArray()));
        }
    }

    public void Step()
    {
        var next = _cursor;
        using var reader = source.BeginRead();
        target.Write(writer =>
        {
            // The batch runs again when the target has grown.
            next = _cursor;
            foreach (var (bucket, key) in _written)
            {
                Renew(reader, writer, bucket, key);
            }

            Advance(reader, writer, ref next);
        });
        _written.Clear();
        _cursor = next;
    }

    /// <summary>Whether both have equally many pairs in each bucket.</summary>
    /// <returns>The first difference, or null.</returns>
    public string? Compare()
    {
        using var old = source.BeginRead();
        using var copy = target.BeginRead();
        foreach (var bucket in Enum.GetValues<Bucket>())
        {
            var (expected, actual) = (old.Count(bucket), copy.Count(bucket));
            if (expected != actual)
            {
                return $"bucket {bucket} has {expected} pairs, its copy {actual}";
            }
        }

        return null;
    }

    private void Renew(IBucketReader reader, IBucketWriter writer, Bucket bucket, byte[] key)
    {
        if (reader.TryGet(bucket, key, out var value))
        {
            verify(bucket, key, value);
            writer.Put(bucket, key, value);
        }
        else
        {
            writer.Delete(bucket, key);
        }
    }

    private void Advance(IBucketReader reader, IBucketWriter writer, ref Place place)
    {
        for (var left = stepBytes; place.Bucket < BucketLimits.BucketCount && left > 0;)
        {
            using var cursor = reader.OpenCursor((Bucket)place.Bucket);
            var found = SeekBehind(cursor, place.LastKey);
            for (; found && left > 0; found = cursor.MoveNext())
            {
                verify((Bucket)place.Bucket, cursor.Key, cursor.Value);
                writer.Put((Bucket)place.Bucket, cursor.Key, cursor.Value);
                left -= cursor.Key.Length + cursor.Value.Length;
                if (left <= 0)
                {
                    place = place with { LastKey = cursor.Key.ToArray() };
                }
            }

            place = found ? place : new Place(place.Bucket + 1, LastKey: null);
        }
    }

    private static bool SeekBehind(IBucketCursor cursor, byte[]? key) =>
        cursor.Seek(key ?? []) && (key is null || !cursor.Key.SequenceEqual(key) || cursor.MoveNext());

    private readonly record struct Place(int Bucket, byte[]? LastKey)
    {
        public bool IsAtOrBehind(Bucket bucket, ReadOnlySpan<byte> key) => (int)bucket < Bucket
            || ((int)bucket == Bucket && LastKey is not null && key.SequenceCompareTo(LastKey) <= 0);
    }
}
