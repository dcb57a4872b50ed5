using Raftd.State.Commands;
using Raftd.Store.Mvcc;

namespace Raftd.Store;

/// <summary>Everything that takes the store from its last applied index to this one. Never changes; given to Flush.</summary>
public sealed class FrozenState
{
    private readonly IReadOnlyList<Action<FlushWriter>> _parts;

    /// <param name="copy">At rest, between two entries.</param>
    internal FrozenState(StateCopy copy)
    {
        Epoch = copy.Epoch;
        Records = copy.Epoch.Halves.Active;
        Meta = copy.ToMeta();
        _parts = [.. StateParts.All.Select(part => part.TakeUnflushed(copy))];

        // After the keyspace has taken what this flush deletes.
        DeletesThrough = copy.Keyspace.HasDead ? 0 : copy.Keyspace.CompactRevision;
    }

    /// <summary>The applied state that the store will have.</summary>
    public AppliedState Applied => Meta.Applied;

    internal StateEpoch Epoch { get; }

    /// <summary>The half of the overlay that the flush takes over.</summary>
    internal Overlay Records { get; }

    internal StoredMeta Meta { get; }

    /// <summary>With it, everything that compactions up to this revision killed is deleted; 0 while some is left for later.</summary>
    internal long DeletesThrough { get; }

    /// <summary>All of it, meta last.</summary>
    internal void WriteTo(FlushWriter writer)
    {
        foreach (var part in _parts)
        {
            part(writer);
        }

        Meta.WriteTo(writer.NewValue());
        writer.PutSealed(Buckets.Bucket.Meta, StoredMeta.Key);
    }
}
