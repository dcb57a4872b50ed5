namespace Raftd.Api.Http;

/// <summary>Huffman's code of HPACK (RFC 7541, appendix B), as far as a URL goes.</summary>
internal static class HuffmanText
{
    private const int LongestBits = 13;

    // The code is canonical: those of one length are consecutive, in the order of their characters.
    private static (int Bits, int First, string Characters)[] Rows { get; } =
    [
        (5, 0x00, "012aceiost"),
        (6, 0x14, " %-./3456789=A_bdfghlmnpru"),
        (7, 0x5c, ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"),
        (8, 0xf8, "&*,;XZ"),
        (LongestBits, 0x1ff9, "$@[]~"),
    ];

    /// <returns>Null where there is another character, or the padding is not as it must be.</returns>
    public static string? TryDecode(ReadOnlySpan<byte> coded)
    {
        var text = new System.Text.StringBuilder();
        var (code, bits) = (0, 0);
        for (var at = 0; at < coded.Length * 8; at++)
        {
            code = (code << 1) | ((coded[at / 8] >> (7 - (at % 8))) & 1);
            bits++;
            if (TryFind(code, bits) is { } character)
            {
                text.Append(character);
                (code, bits) = (0, 0);
            }
            else if (bits == LongestBits)
            {
                return null;
            }
        }

        return bits < 8 && code == (1 << bits) - 1 ? text.ToString() : null;
    }

    private static char? TryFind(int code, int bits)
    {
        foreach (var (length, first, characters) in Rows)
        {
            if (length == bits && code >= first && code - first < characters.Length)
            {
                return characters[code - first];
            }
        }

        return null;
    }
}
