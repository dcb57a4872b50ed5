using Raftd.Contract;
using Raftd.State.Keyspaces;

namespace Raftd.State.Views;

/// <summary>A view that can be asked for all keys of an earlier revision.</summary>
public interface IHistoryView : IStateView
{
    /// <summary>The keys as they were at a revision, in key order: a bounded step of them.</summary>
    /// <param name="from">The first key to look at.</param>
    /// <param name="at">A revision that can be read.</param>
    /// <param name="maxBytes">Of logical bytes; the last record may go beyond it.</param>
    /// <exception cref="StoreException">Compacted, or NotReady: ask a new view.</exception>
    ImagePage Image(ReadOnlySpan<byte> from, long at, long maxBytes);
}

/// <summary>Some keys as of a revision.</summary>
/// <param name="Records">The version that each had then; no tombstones.</param>
/// <param name="Next">The first key that was not looked at; null when all were.</param>
public sealed record ImagePage(IReadOnlyList<RevisionRecord> Records, byte[]? Next);
