// Damage to a stored state, of the sorts that disks do to pages:
//
//   - a bit flips, in the key of a pair or in its value;
//   - some pairs that lie side by side are gone, as where the write of a page never reached the disk.
//
// A pair of the alarms is not lost: nothing counts them, so no start would notice (StoredDamageTests).

using Raftd.Store.Buckets;

namespace Raftd.Testing.Buckets;

/// <summary>Damages what a disk holds while it is not written to.</summary>
public sealed class ModelDamage(Random random)
{
    private const int MaxPairsOfAPage = 8;

    private static readonly Bucket[] Countable = [.. Enum.GetValues<Bucket>().Where(bucket => bucket != Bucket.Alarms)];

    /// <summary>Flips a bit of one pair.</summary>
    /// <returns>Of which; null if nothing is stored.</returns>
    public string? Flip(ModelStateDisk disk)
    {
        if (disk.Current is not { } current || Choose(current, Enum.GetValues<Bucket>()) is not { } bucket)
        {
            return null;
        }

        var pair = current.State[bucket][random.Next(current.State[bucket].Count)];
        var (key, value) = ((byte[])[.. pair.Key], (byte[])[.. pair.Value]);
        var bytes = value.Length > 0 && random.Next(4) > 0 ? value : key;
        bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        current.State = current.State.Delete(bucket, pair.Key, out _).Put(bucket, key, value);
        disk.IsDamaged = true;
        return $"a bit of the {(bytes == key ? "key" : "value")} {Convert.ToHexString(pair.Key)} of bucket {bucket} flips";
    }

    /// <summary>Takes pairs away.</summary>
    /// <returns>Which; null if nothing is stored.</returns>
    public string? Lose(ModelStateDisk disk)
    {
        if (disk.Current is not { } current || Choose(current, Countable) is not { } bucket)
        {
            return null;
        }

        var pairs = current.State[bucket];
        var first = random.Next(pairs.Count);
        var lost = pairs.Skip(first).Take(1 + random.Next(MaxPairsOfAPage)).ToArray();
        current.State = lost.Aggregate(current.State, (state, pair) => state.Delete(bucket, pair.Key, out _));
        disk.IsDamaged = true;
        return $"{lost.Length} pairs of bucket {bucket} are gone, from {Convert.ToHexString(lost[0].Key)}";
    }

    private Bucket? Choose(ModelDisk disk, Bucket[] among)
    {
        var full = among.Where(bucket => disk.State[bucket].Count > 0).ToArray();
        return full.Length > 0 ? full[random.Next(full.Length)] : null;
    }
}
