namespace Raftd.State.Keyspaces;

/// <summary>[Low, high) as the contract writes it: no end is the one key, an end of a single zero byte has no bound.</summary>
public readonly struct KeyRange(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> rangeEnd)
{
    public ReadOnlyMemory<byte> Low => key;

    public ReadOnlyMemory<byte> End => rangeEnd;

    public bool IsOneKey => rangeEnd.IsEmpty;

    /// <summary>The first key behind one.</summary>
    public static byte[] Behind(ReadOnlySpan<byte> key) => [.. key, 0];

    public static bool IsToEnd(ReadOnlySpan<byte> rangeEnd) => rangeEnd.Length == 1 && rangeEnd[0] == 0;

    public bool Holds(ReadOnlySpan<byte> candidate) => candidate.SequenceCompareTo(key.Span) >= 0 && IsBeforeEnd(candidate);

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
