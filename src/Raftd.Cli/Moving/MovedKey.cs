using System.Text;
using System.Text.Unicode;
using Google.Protobuf;

namespace Raftd.Cli.Moving;

/// <summary>A key on its way.</summary>
/// <param name="Lease">0 for none.</param>
internal sealed record MovedKey(ByteString Key, ByteString Value, long Lease)
{
    public string Name => NameOf(Key);

    /// <summary>A key for a person: as text, or as base64 where it is none.</summary>
    public static string NameOf(ByteString key) =>
        Utf8.IsValid(key.Span) ? $"'{Encoding.UTF8.GetString(key.Span)}'" : $"of base64 {key.ToBase64()}";
}
