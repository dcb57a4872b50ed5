using System.Globalization;
using Raftd.Contract;

namespace Raftd.Sql.Database;

/// <summary>A row of `buckets`, with what the last row of the bucket's log says.</summary>
/// <param name="Id">In every row of the bucket. The next one's is above all there are, which is why the highest row stays for good.</param>
/// <param name="Name">Of a bucket that lives; otherwise one of the two below, which no bucket can have.</param>
/// <param name="ClusterId">Drawn when it was made.</param>
/// <param name="Swept">How far the database is rid of what compactions have left behind.</param>
/// <param name="Seq">Of the last row; 0 where the log is empty.</param>
/// <param name="Leader">In its epoch.</param>
/// <param name="Revision">The newest.</param>
/// <param name="KeyCount">Keys that live.</param>
internal sealed record BucketRow(
    long Id, string Name, ulong ClusterId, Swept Swept, long Seq, ulong Leader, long Revision, long KeyCount)
{
    /// <summary>Of the bucket that is made with the tables.</summary>
    public const long DefaultId = 1;

    public const string ClearedPrefix = "cleared:";

    private const string RemovedPrefix = "removed:";

    public bool IsLive => BucketNames.IsName(Name);

    /// <summary>Its log has ended, and its rows are still to be deleted.</summary>
    public bool IsRemoved => Name.StartsWith(RemovedPrefix, StringComparison.Ordinal);

    /// <summary>Of a bucket whose log has ended: the name is free for another one.</summary>
    public static string RemovedName(long id) => RemovedPrefix + id.ToString(CultureInfo.InvariantCulture);

    /// <summary>Of a bucket without rows: it keeps the number until a higher one is given.</summary>
    public static string ClearedName(long id) => ClearedPrefix + id.ToString(CultureInfo.InvariantCulture);
}
