using Raftd.Contract;

namespace Raftd.Api.Rest.Watches;

/// <summary>One thing that a watch says.</summary>
/// <param name="Event">One of the names below; null where the place alone has moved.</param>
/// <param name="Place">What has come with it, and before; null where a client that comes back here has to begin earlier.</param>
/// <param name="Revision">That the item was found at; of what is no item, the one that it speaks of.</param>
/// <param name="Item">Of a put the version, perhaps without its value; of a deletion the key and the mod revision.</param>
/// <param name="Previous">The version before, if it was asked for and is kept.</param>
internal sealed record WatchNews(
    string? Event, WatchPlace? Place, long Revision, KeyValue? Item = null, KeyValue? Previous = null)
{
    public const string Put = "put";
    public const string Delete = "delete";

    /// <summary>The initial state is whole; changes follow.</summary>
    public const string SnapshotEnd = "snapshot-end";

    /// <summary>What would come next is compacted away, and nothing more comes.</summary>
    public const string Compacted = "compacted";

    /// <summary>All that was said before is void: a new initial state follows.</summary>
    public const string Reset = "reset";

    /// <summary>About what it has in memory.</summary>
    public long InlineBytes => Item is null ? 0 : Item.Key.Length + Item.Value.Length + (Previous?.Value.Length ?? 0);

    /// <summary>Without its value, which is read when its turn comes.</summary>
    public bool LacksValue => Item is { } item && item.Value.Length < item.ValueBytes;
}
