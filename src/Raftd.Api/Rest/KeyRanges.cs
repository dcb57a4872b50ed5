using Raftd.Contract;

namespace Raftd.Api.Rest;

/// <summary>Ranges as the contract writes them: half-open, a RangeEnd of one zero byte being the end of the keyspace.</summary>
internal static class KeyRanges
{
    private static readonly byte[] ZeroByte = [0];

    /// <summary>The lowest key there can be is the zero byte, the empty key being none.</summary>
    public static DeleteRangeRequest All() => new() { Key = ZeroByte, RangeEnd = ZeroByte };

    public static DeleteRangeRequest Prefix(byte[] prefix) => new() { Key = prefix, RangeEnd = EndOfPrefix(prefix) };

    /// <summary>The lowest key above all keys with the prefix; the end of the keyspace where the prefix is all 0xFF.</summary>
    public static byte[] EndOfPrefix(ReadOnlySpan<byte> prefix)
    {
        var last = prefix.LastIndexOfAnyExcept((byte)0xFF);
        if (last < 0)
        {
            return ZeroByte;
        }

        var end = prefix[..(last + 1)].ToArray();
        end[last]++;
        return end;
    }
}
