using Raftd.Contract;
using Raftd.State.Commands;

namespace Raftd.Store;

/// <summary>What one member may choose for itself. Nothing here changes what apply answers.</summary>
public sealed record StoreOptions
{
    /// <summary>Bytes of current values, <see cref="Bounds.MaxCachedValueBytes"/> each at most, kept in memory; 0 keeps none.</summary>
    public long CacheBytes
    {
        get;
        init => field = value >= 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "cache bytes are 0 or more");
    } = Bounds.CacheBytes.Default;

    /// <summary>Records of compacted history that one flush deletes at most, so that a flush stays short. Default 8 192.</summary>
    public int MaxDeletesPerFlush
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "at least one record per flush");
    } = 8192;

    /// <summary>Keys that one slice of a long deletion takes, so that a slice stays below 10 ms. Default 512: a key costs 2 µs,
    /// one with a hidden lease of its own up to 10.</summary>
    public int SliceKeys
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "at least one key per slice");
    } = 512;

    /// <summary>The newest feature level that this member knows, from 1 to 255. Default the build's own; a simulation steps
    /// members of several builds in one.</summary>
    public int KnownLevel { get; init; } = FeatureLevel.Newest;
}
