namespace Raftd.State.Leases;

/// <summary>A lease whose time ran out at the leader. Void if the lease has another generation by then.</summary>
public readonly record struct LeaseExpiry(long Id, long Generation);

/// <summary>A key (its full name) whose own deadline ran out. Void if the lease's generation or the key's mod revision has
/// moved.</summary>
public readonly record struct LeaseKeyExpiry(long Id, long Generation, ReadOnlyMemory<byte> Key, long ModRevision);
