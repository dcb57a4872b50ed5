using Raftd.Contract;

namespace Raftd.State.Keyspaces;

/// <summary>What can be asked of keys, of a published view and of the state that a command is changing alike: so the conditions
/// and reads of a transaction are the same code in the log and off it.</summary>
public interface IKeyReads
{
    /// <summary>The newest main revision; 1 for a fresh store.</summary>
    long Revision { get; }

    ILiveKey? FindLive(ReadOnlySpan<byte> key);

    /// <summary>The first live keys of the range from a key on, at most so many.</summary>
    IReadOnlyList<ILiveKey> LiveIn(KeyRange range, ReadOnlyMemory<byte> from, int max);

    /// <summary>The value of a key that this has answered. Not to be changed.</summary>
    byte[] ValueOf(ILiveKey live);

    /// <summary>The range as it is now, with all that a command has changed so far, or at an earlier revision.</summary>
    /// <exception cref="StoreException">Compacted, FutureRevision or BadRequest, as of any read.</exception>
    RangeResponse Range(RangeRequest request);
}

public static class KeyReadsExtensions
{
    /// <summary>Keys looked up in one step.</summary>
    private const int KeysPerStep = 256;

    /// <summary>A key that these have answered, with its value, as the contract has it.</summary>
    public static KeyValue Describe(this IKeyReads keys, ILiveKey live) => KeyVersions.Describe(live, keys.ValueOf(live));

    /// <summary>All live keys of the range, fetched as they are asked for. Nothing changes them meanwhile.</summary>
    public static IEnumerable<ILiveKey> Walk(this IKeyReads keys, KeyRange range)
    {
        var from = range.Low;
        while (true)
        {
            var step = keys.LiveIn(range, from, KeysPerStep);
            foreach (var live in step)
            {
                yield return live;
            }

            if (step.Count < KeysPerStep)
            {
                yield break;
            }

            from = KeyRange.Behind(step[^1].Key);
        }
    }
}
