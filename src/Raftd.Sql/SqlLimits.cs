using Raftd.Contract;

namespace Raftd.Sql;

/// <summary>What the engine over a database cannot hold more of.</summary>
internal static class SqlLimits
{
    /// <summary>Of a key: an index of PostgreSQL holds 2 704 bytes, one of InnoDB 3 072, with the bucket and the revision.</summary>
    public const int MaxKeyBytes = 2048;

    /// <summary>Keys that one request may change, each of which the front evaluates by itself. The deletion of a range is done by the
    /// database, and has no such limit.</summary>
    public const int MaxChangedKeys = 200_000;

    /// <summary>Of a database. Each front that serves one holds its leases in memory, and looks at the ends of all their logs each
    /// second.</summary>
    public const int MaxBuckets = 256;

    /// <summary>As a front announces them.</summary>
    public static EngineLimits Of(int maxValueBytes) =>
        new() { MaxKeyBytes = MaxKeyBytes, MaxValueBytes = maxValueBytes, MaxChangedKeys = MaxChangedKeys };
}
