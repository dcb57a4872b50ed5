namespace Raftd.Store.Mvcc;

/// <summary>[Low, high) as the contract writes it: no end is the one key, an end of a single zero byte has no bound.</summary>
internal readonly struct KeyRange(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> rangeEnd)
{
    public ReadOnlyMemory<byte> Low => key;

    public static bool IsToEnd(ReadOnlySpan<byte> rangeEnd) => rangeEnd.Length == 1 && rangeEnd[0] == 0;

    /// <summary>How many keys of [key, rangeEnd) live in an index. Takes logarithmic time.</summary>
    public static long CountLive(CowSnapshot<byte[], KeyRecord> index, ReadOnlySpan<byte> key, ReadOnlySpan<byte> rangeEnd)
    {
        if (rangeEnd.IsEmpty)
        {
            return index.Find(new BytesProbe(key))?.Weight ?? 0;
        }

        var high = IsToEnd(rangeEnd) ? index.Weight : index.WeightBefore(new BytesProbe(rangeEnd));
        return Math.Max(0, high - index.WeightBefore(new BytesProbe(key)));
    }

    /// <summary>Whether a key that is not below Low is in the range.</summary>
    public bool IsBeforeEnd(ReadOnlySpan<byte> candidate)
    {
        if (rangeEnd.IsEmpty)
        {
            return candidate.SequenceEqual(key.Span);
        }

        return IsToEnd(rangeEnd.Span) || candidate.SequenceCompareTo(rangeEnd.Span) < 0;
    }
}
