// Where a watch goes on: the id of each event, and the Last-Event-ID of a client that comes back.
//
//   12.0          the first change of revision 12 that the watch brings has come
//   12.2^63-1     all of revision 12 has come, or nothing of it was to come; written out in digits
//   s12:bGVk      of the keys as they were at revision 12, those up to this one (base64url) have come
//
// The changes of a revision are counted as this watch brings them, so an id is for the same prefix and filter alone. A revision is
// read whole or, once it is compacted, not at all: the count is the same each time.

using System.Buffers.Text;
using System.Globalization;
using Raftd.Contract;

namespace Raftd.Api.Rest.Watches;

/// <param name="Version">The last change that has come; with a key, the revision of the initial state.</param>
/// <param name="Key">The last key of the initial state that has come; null behind it.</param>
internal sealed record WatchPlace(VersionId Version, byte[]? Key = null)
{
    /// <summary>A client sends its id in a header, and all headers together have 32 KiB.</summary>
    private const int MaxKeyBytes = 16 * 1024;

    private const string Hint = "send the id of the last event as it came, as 12.0 or s12:bGVk, or leave the header out";

    /// <summary>The first revision of which there may be more.</summary>
    public long NextRevision => Math.Max(1, Version.Place == long.MaxValue ? Version.Revision + 1 : Version.Revision);

    public static WatchPlace Behind(long revision) => new(VersionId.LastOf(revision));

    /// <returns>Null for a key that no header can carry: the client comes back to the key before it.</returns>
    public static WatchPlace? InInitialState(long revision, ReadOnlyMemory<byte> key) =>
        key.Length <= MaxKeyBytes ? new WatchPlace(VersionId.LastOf(revision), key.ToArray()) : null;

    public static WatchPlace Parse(string text) => (text is ['s', ..] ? ParseKey(text.AsSpan(1)) : ParseChange(text))
        ?? ApiException.BadRequest<WatchPlace>("Last-Event-ID is none that this API has answered", Hint);

    public override string ToString() => Key is null
        ? string.Create(CultureInfo.InvariantCulture, $"{Version.Revision}.{Version.Place}")
        : string.Create(CultureInfo.InvariantCulture, $"s{Version.Revision}:{Base64Url.EncodeToString(Key)}");

    private static WatchPlace? ParseChange(ReadOnlySpan<char> text)
    {
        var dot = text.IndexOf('.');
        return dot > 0 && TryRevision(text[..dot], out var revision) && TryNumber(text[(dot + 1)..], out var place)
            ? new WatchPlace(new VersionId(revision, place))
            : null;
    }

    private static WatchPlace? ParseKey(ReadOnlySpan<char> text)
    {
        var colon = text.IndexOf(':');
        if (colon <= 0 || !TryRevision(text[..colon], out var revision) || revision == 0)
        {
            return null;
        }

        try
        {
            var key = Base64Url.DecodeFromChars(text[(colon + 1)..]);
            return key.Length > 0 ? InInitialState(revision, key) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>One that has another behind it.</summary>
    private static bool TryRevision(ReadOnlySpan<char> digits, out long revision) =>
        TryNumber(digits, out revision) && revision < long.MaxValue;

    private static bool TryNumber(ReadOnlySpan<char> digits, out long number) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
