namespace Raftd.State.Views;

/// <summary>Live keys by their names, as of a moment that begins after the call. It waits where keys are in a database, and holds up no
/// thread of the pool meanwhile.</summary>
public interface IKeyLookup
{
    /// <returns>Null where there is no such key.</returns>
    ValueTask<KeyItem?> FindAsync(ReadOnlyMemory<byte> key);

    /// <summary>Several in one moment. As few as fit into memory with their values.</summary>
    /// <returns>In their order.</returns>
    ValueTask<IReadOnlyList<KeyItem?>> FindAllAsync(IReadOnlyList<ReadOnlyMemory<byte>> keys);
}
