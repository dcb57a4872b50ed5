// Where a list goes on, as opaque text: base64url of
//
//   +--------+---------+----------+---------+--------------+
//   | format | list    | revision | count   | place        |
//   | 1 byte | 4 bytes | 8 bytes  | 8 bytes | a key's bytes|
//   +--------+---------+----------+---------+--------------+
//
// Numbers are big-endian. `list` is a checksum of what the place depends on: a cursor of another list would skip keys. `count`
// is that of the whole list, which at an earlier revision would cost a look at each key. Nothing in it is secret, and a forged
// one reads nothing that its sender could not have asked for.

using System.Buffers.Binary;
using System.Buffers.Text;

namespace Raftd.Api.Rest.Lists;

/// <param name="Revision">Of the list.</param>
/// <param name="Count">Of the whole list.</param>
/// <param name="Place">The next key, or, in descending order, the one that it lies below.</param>
internal sealed record ListCursor(long Revision, long Count, byte[] Place)
{
    private const byte Format1 = 1;
    private const int ListAt = 1;
    private const int RevisionAt = 5;
    private const int CountAt = 13;
    private const int PlaceAt = 21;

    public static ListCursor Parse(ReadOnlySpan<byte> text, uint list)
    {
        var bytes = Decode(text);
        if (bytes is not [Format1, ..] || bytes.Length <= PlaceAt)
        {
            ApiException.BadRequest("`cursor` is none that this API has answered", "take it from the answer before, as it is");
        }

        if (BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(ListAt)) != list)
        {
            ApiException.BadRequest(
                "`cursor` is of another list", "send prefix, start, end, delimiter and sort as in the request that answered it");
        }

        var revision = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(RevisionAt));
        return revision > 0
            ? new ListCursor(revision, BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(CountAt)), bytes[PlaceAt..])
            : ApiException.BadRequest<ListCursor>("`cursor` names no revision", "take it from the answer before, as it is");
    }

    public string Format(uint list)
    {
        var bytes = new byte[PlaceAt + Place.Length];
        bytes[0] = Format1;
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(ListAt), list);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(RevisionAt), Revision);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(CountAt), Count);
        Place.CopyTo(bytes.AsSpan(PlaceAt));
        return Base64Url.EncodeToString(bytes);
    }

    private static byte[]? Decode(ReadOnlySpan<byte> text)
    {
        try
        {
            return Base64Url.DecodeFromUtf8(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
