using Raftd.Contract;
using Raftd.Sql.Database;

namespace Raftd.Sql.Fronts;

/// <summary>What a front that served a bucket answers once it knows that the bucket's log has ended.</summary>
/// <remarks>
/// The name may mean another bucket by then, which was made through another front. Who asked since that was made may not be told that
/// there is none. Nothing is done to the new one on this way: whoever asks again is given it.
/// </remarks>
internal static class BucketEnd
{
    /// <param name="session">Of the database.</param>
    /// <param name="name">Of the bucket that has ended.</param>
    /// <exception cref="DatabaseException">Whether the name is free is not known.</exception>
    public static StoreException ReasonOf(ISession session, string name) => session.Buckets().Any(bucket => bucket.Name == name)
        ? new StoreException(
            ErrorCode.NotReady, $"the bucket `{name}` was removed and made again; nothing was read or written", "try again: the new one answers")
        : BucketNames.NotFound(name);
}
