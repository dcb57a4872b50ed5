using Raftd.State.Leases;

namespace Raftd.State.Timekeeping;

/// <summary>Keys of leases that were asked for, without their values.</summary>
/// <param name="Revision">Of the view they were found in.</param>
/// <param name="Items">In the order of the leases' names, and of a lease in the order of keys.</param>
public readonly record struct LeasedKeyMatches(long Revision, IReadOnlyList<LeasedKeyMatch> Items);

/// <param name="Lease">Its own.</param>
/// <param name="FullKey">Not to be changed.</param>
/// <param name="Key">The name that it goes by.</param>
/// <param name="TtlSeconds">Whole seconds left.</param>
public readonly record struct LeasedKeyMatch(LeaseRecord Lease, byte[] FullKey, ReadOnlyMemory<byte> Key, long TtlSeconds);
