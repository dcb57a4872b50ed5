using System.Runtime.CompilerServices;
using Raftd.Api.Wire;

namespace Raftd.Cli.Moving.Etcd;

/// <summary>A key at both sides; null where it is not there. Both have the same name, where both are there.</summary>
internal readonly record struct KeyPair(KeyValue? Source, KeyValue? Target)
{
    /// <summary>All keys of either side, in their order.</summary>
    public static async IAsyncEnumerable<KeyPair> OfAsync(
        KeyPages sources, KeyPages targets, [EnumeratorCancellation] CancellationToken stop = default)
    {
        while (!stop.IsCancellationRequested)
        {
            var (source, target) = (await sources.PeekAsync(), await targets.PeekAsync());
            if (source is null && target is null)
            {
                yield break;
            }

            var order = source is null ? 1 : target is null ? -1 : source.Key.Span.SequenceCompareTo(target.Key.Span);
            if (order <= 0)
            {
                sources.Pass();
            }

            if (order >= 0)
            {
                targets.Pass();
            }

            yield return new KeyPair(order <= 0 ? source : null, order >= 0 ? target : null);
        }

        stop.ThrowIfCancellationRequested();
    }
}
