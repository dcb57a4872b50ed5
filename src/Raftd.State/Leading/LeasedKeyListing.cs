using Raftd.Contract;
using Raftd.State.Timekeeping;
using Raftd.State.Views;

namespace Raftd.State.Leading;

/// <summary>The answer to a question after the keys of leases: which there are and what time they have left is known in memory, and
/// their values are looked up in portions.</summary>
internal static class LeasedKeyListing
{
    private const int LookedUpTogether = 64;

    /// <param name="matches">In the order of the answer.</param>
    /// <param name="keys">Has the values.</param>
    /// <param name="maxBytes">Of the answer; 0 for no bound.</param>
    /// <exception cref="StoreException">TooLarge.</exception>
    public static async ValueTask<LeasedKeysResponse> ReadAsync(LeasedKeyMatches matches, IKeyLookup keys, long maxBytes)
    {
        var items = new List<LeasedKey>();
        var bytes = 0L;
        foreach (var portion in matches.Items.Chunk(LookedUpTogether))
        {
            var found = await keys.FindAllAsync([.. portion.Select(static match => (ReadOnlyMemory<byte>)match.FullKey)]);
            for (var at = 0; at < portion.Length; at++)
            {
                var match = portion[at];
                if (found[at] is not { } item || item.Lease != match.Lease.Id)
                {
                    // It has gone, or moved to another lease, since the leases were looked at.
                    continue;
                }

                items.Add(new LeasedKey
                {
                    Lease = match.Lease.Id,
                    Name = match.Lease.NameText,
                    Key = match.Key,
                    Value = item.Value,
                    TtlSeconds = match.TtlSeconds,
                });
                bytes += LeasedKey.CountedBytes(items[^1]);
                RequireFit(bytes, maxBytes);
            }
        }

        return new LeasedKeysResponse { Revision = matches.Revision, Items = items };
    }

    private static void RequireFit(long bytes, long maxBytes)
    {
        if (maxBytes > 0 && bytes > maxBytes)
        {
            throw new StoreException(
                ErrorCode.TooLarge,
                $"the listing has more than {maxBytes} bytes",
                "ask for less: a longer prefix of the leases' names, or of the keys");
        }
    }
}
