// Keys as they stand behind the last row of the log that the commit loop knows, so far as its batches have read or written them.
//
// A batch whose keys are all here is evaluated without a look at the database. That is safe because its commit is the look: the row is
// taken only behind the very row that these keys are of, by its number and its chain. A batch that has nothing to commit has no such
// proof, and looks (CommitLoop.Evaluate).
//
// What is forgotten is chosen without a list of uses: keys are noted in a young generation, and when that has half of the bytes it
// becomes the old one, and the old one goes. A key that is used meanwhile is noted anew.

using Raftd.Sql.Database;
using Raftd.State.Keyspaces;

namespace Raftd.Sql.Fronts;

/// <summary>One thread.</summary>
/// <param name="maxBytes">Of all that is known, roughly; 0 to know nothing.</param>
internal sealed class KnownKeys(long maxBytes)
{
    // What an entry weighs beside its key and value.
    private const int OverheadBytes = 250;

    // Null stands for a key that does not live.
    private Dictionary<byte[], KeyRow?> _young = new(BytesComparer.Instance);
    private Dictionary<byte[], KeyRow?> _old = new(BytesComparer.Instance);
    private long _youngBytes;

    /// <param name="key">Looked for.</param>
    /// <param name="row">With its value if that is small; null where the key does not live.</param>
    /// <returns>False where it is not known whether the key lives.</returns>
    public bool TryFind(ReadOnlySpan<byte> key, out KeyRow? row)
    {
        if (_young.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out row))
        {
            return true;
        }

        if (!_old.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out row))
        {
            return false;
        }

        Note(row?.Key ?? key.ToArray(), row);
        return true;
    }

    /// <summary>Read as of the last row, or changed by it.</summary>
    /// <param name="key">Not changed any more.</param>
    /// <param name="row">Null where the key does not live.</param>
    public void Note(byte[] key, KeyRow? row)
    {
        if (!_young.ContainsKey(key))
        {
            _youngBytes += WeightOf(key, row);
        }

        _young[key] = row is { ValueBytes: > KeyRow.MaxInlineBytes } ? row with { Value = null } : row;
        if (_youngBytes > maxBytes / 2)
        {
            (_old, _young, _youngBytes) = (_young, new Dictionary<byte[], KeyRow?>(BytesComparer.Instance), 0);
        }
    }

    /// <summary>The next rows have changed this, in order: what is known follows.</summary>
    public void Follow(IReadOnlyList<RevisionRecord> changes)
    {
        foreach (var change in changes)
        {
            if (TryFind(change.Key, out _))
            {
                Note(change.Key, change.IsTombstone ? null : KeyRow.Of(change));
            }
        }
    }

    /// <summary>What the next rows have changed was not seen one by one.</summary>
    public void Forget()
    {
        _young.Clear();
        _old.Clear();
        _youngBytes = 0;
    }

    private static int WeightOf(byte[] key, KeyRow? row) =>
        key.Length + Math.Min(row?.ValueBytes ?? 0, KeyRow.MaxInlineBytes) + OverheadBytes;
}
