using Raftd.Contract;

namespace Raftd.State.Keyspaces;

/// <summary>Which revisions can be read: from the compact revision to the newest.</summary>
internal static class ReadableRevisions
{
    /// <exception cref="StoreException">Compacted, FutureRevision, BadRequest.</exception>
    public static void Require(long at, long newest, long compactRevision)
    {
        if (at < 0)
        {
            throw new StoreException(ErrorCode.BadRequest, $"revision {at} is below 0");
        }

        if (at > newest)
        {
            throw new StoreException(
                ErrorCode.FutureRevision, $"revision {at} is in the future: the newest is {newest}");
        }

        if (at < compactRevision)
        {
            throw Compacted(at, compactRevision);
        }
    }

    public static StoreException Compacted(long at, long floor) => new(
        ErrorCode.Compacted,
        $"revision {at} has been compacted: the oldest readable is {floor}",
        "read a newer revision, or the newest");
}
