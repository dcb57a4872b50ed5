using Raftd.Contract;

namespace Raftd.State.Leases;

/// <summary>What the API checks before it proposes, in the same words as apply.</summary>
public static class LeaseRules
{
    /// <summary>Leases of the etcd API live at least this long, as in etcd.</summary>
    public const long MinEtcdTtlSeconds = 2;

    /// <summary>What stands before a key's own name in the name of a key set by a keepalive: name, id, two slashes.</summary>
    internal const int MaxOwnKeyPrefixBytes = Bounds.MaxLeaseNameBytes + 22;

    /// <summary>A REST grant that is not used is revoked after its time to live, but not before this.</summary>
    public const long MinUnclaimedSeconds = 60;

    /// <summary>What a grant that asks for so many seconds gets; out of range is left for apply to refuse.</summary>
    public static long GrantedSeconds(long seconds, LeaseKind kind) =>
        kind == LeaseKind.Etcd ? Math.Max(seconds, MinEtcdTtlSeconds) : seconds;

    /// <summary>True for the one name a key of a keepalive may not have.</summary>
    public static bool IsReserved(ReadOnlySpan<byte> ownKey) => ownKey.SequenceEqual("meta"u8);
}
