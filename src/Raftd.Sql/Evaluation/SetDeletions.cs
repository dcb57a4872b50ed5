using Raftd.Contract;
using Raftd.State.Keyspaces;

namespace Raftd.Sql.Evaluation;

/// <summary>Which deletions the database does by itself, as a set, and how long they may take.</summary>
/// <param name="MaxListed">A range with more live keys than this is a set.</param>
/// <param name="SliceKeys">Keys of one step.</param>
/// <param name="IsLate">The request has no time left for more.</param>
/// <param name="Limit">Its time, for the text.</param>
internal sealed record SetDeletions(long MaxListed, int SliceKeys, Func<bool> IsLate, TimeSpan Limit)
{
    public bool TakesOver(BatchKeyspace keys, KeyRange range) => !range.IsOneKey && keys.CountLive(range) > MaxListed;

    /// <summary>What the client is told: sent again, it takes as long again.</summary>
    public StoreException TooLong() => new(
        ErrorCode.TooLarge,
        $"the deletion of so many keys was not done in the {Limit.TotalSeconds:0.#} s that a request has; nothing was deleted",
        "delete the range in parts, or raise -request-timeout on all fronts");
}
