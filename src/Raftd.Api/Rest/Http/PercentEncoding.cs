using System.Globalization;
using System.Text;

namespace Raftd.Api.Rest.Http;

/// <summary>Percent-encoding to bytes. Any byte may come out; what is not encoded stands for itself.</summary>
internal static class PercentEncoding
{
    public const string Hint = "write % itself as %25 and a blank as %20";

    /// <summary>Decodes ASCII text of a request target; null where an escape is cut short or not hexadecimal, or a blank or
    /// control character stands unencoded: Kestrel lets those pass, and a proxy may cut the target there.</summary>
    public static byte[]? Decode(ReadOnlySpan<char> text)
    {
        if (text.ContainsAnyInRange('\0', ' ') || text.Contains('\x7F'))
        {
            return null;
        }

        var decodedLength = text.Length - (2 * text.Count('%'));
        if (decodedLength < 0)
        {
            return null;
        }

        var bytes = new byte[decodedLength];
        return DecodeInto(text, bytes) ? bytes : null;
    }

    /// <summary>A path's bytes: letters, digits, slashes and what else may stand there for itself, all other bytes escaped.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var value in bytes)
        {
            if (char.IsAsciiLetterOrDigit((char)value) || value is (byte)'/' or (byte)'-' or (byte)'.' or (byte)'_' or (byte)'~')
            {
                text.Append((char)value);
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
            }
        }

        return text.ToString();
    }

    /// <summary>Decodes form data where it lies, `+` being a space; -1 where an escape is malformed.</summary>
    /// <returns>The number of decoded bytes, at the start of <paramref name="bytes"/>.</returns>
    public static int DecodeFormInPlace(Span<byte> bytes)
    {
        var written = 0;
        for (var read = 0; read < bytes.Length; read++)
        {
            var value = bytes[read];
            if (value == '%')
            {
                if (read + 2 >= bytes.Length || HexByte((char)bytes[read + 1], (char)bytes[read + 2]) is not { } decoded)
                {
                    return -1;
                }

                value = decoded;
                read += 2;
            }
            else if (value == '+')
            {
                value = (byte)' ';
            }

            bytes[written++] = value;
        }

        return written;
    }

    private static bool DecodeInto(ReadOnlySpan<char> text, byte[] bytes)
    {
        if (bytes.Length == text.Length)
        {
            Encoding.ASCII.GetBytes(text, bytes);
            return true;
        }

        var read = 0;
        for (var written = 0; written < bytes.Length; written++)
        {
            if (text[read] != '%')
            {
                bytes[written] = (byte)text[read++];
                continue;
            }

            if (read + 2 >= text.Length || HexByte(text[read + 1], text[read + 2]) is not { } decoded)
            {
                return false;
            }

            bytes[written] = decoded;
            read += 3;
        }

        // A malformed escape makes the count too small and leaves text behind.
        return read == text.Length;
    }

    private static byte? HexByte(char high, char low) =>
        char.IsAsciiHexDigit(high) && char.IsAsciiHexDigit(low)
            ? (byte)((HexDigit(high) << 4) | HexDigit(low))
            : null;

    private static int HexDigit(char digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
