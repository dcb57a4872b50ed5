namespace Raftd.Sql.Fronts;

/// <summary>Shares the leaderships of buckets among fronts: each bucket has an order of all fronts, and the first one of them that lives
/// takes it. A front that goes leaves its buckets to all the others, and those of the others stay where they are.</summary>
internal static class BucketLeaders
{
    /// <returns>0 where there are no fronts.</returns>
    public static ulong Choose(long bucket, IEnumerable<ulong> fronts) =>
        fronts.OrderByDescending(front => Mix(front ^ Mix((ulong)bucket))).ThenBy(static front => front).FirstOrDefault();

    /// <summary>The finalizer of SplitMix64: ids that differ in a bit come far apart.</summary>
    private static ulong Mix(ulong value)
    {
        value += 0x9E37_79B9_7F4A_7C15;
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }
}
