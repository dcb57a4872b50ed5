using Raftd.State.Keyspaces;

namespace Raftd.Sql.Database;

internal static class RangeEnd
{
    /// <summary>The first key behind a range; null where it has no end.</summary>
    public static ReadOnlyMemory<byte>? Of(KeyRange range)
    {
        if (range.IsOneKey)
        {
            return KeyRange.Behind(range.Low.Span);
        }

        // Not "? null : range.End": that null would be an empty array, which is a memory too.
        return KeyRange.IsToEnd(range.End.Span) ? default(ReadOnlyMemory<byte>?) : range.End;
    }
}
