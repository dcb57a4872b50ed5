using System.Buffers.Text;
using System.Text;
using Google.Protobuf;

namespace Raftd.Cli.Moving;

/// <summary>Paths of REST that name a key of any bytes.</summary>
internal static class KeyPaths
{
    public static string Of(ByteString key) => $"/key/?key64={Base64Url.EncodeToString(key.Span)}";

    /// <summary>Bytes as a value within a query.</summary>
    public static string Escape(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (var one in bytes)
        {
            if (char.IsAsciiLetterOrDigit((char)one))
            {
                text.Append((char)one);
            }
            else
            {
                text.Append('%').Append(one.ToString("X2", provider: null));
            }
        }

        return text.ToString();
    }
}
