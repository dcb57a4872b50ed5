using Raftd.Contract;
using Raftd.State.Leases;

namespace Raftd.Sql.Database;

/// <summary>What stands in the flags of a row of `leases`.</summary>
internal static class LeaseFlags
{
    // Stored: they never change.
    private const long Alive = 1;
    public const long Hidden = 2;

    public static long Of(LeaseRecord lease) =>
        (lease.Status == LeaseStatus.Alive ? Alive : 0) | (lease.Hidden ? Hidden : 0);

    public static LeaseStatus StatusOf(long flags) => (flags & Alive) != 0 ? LeaseStatus.Alive : LeaseStatus.Create;

    public static bool IsHidden(long flags) => (flags & Hidden) != 0;
}
