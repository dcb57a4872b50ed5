using Raftd.Sql.Database;
using Raftd.Sql.Reading;
using Raftd.State.Views;

namespace Raftd.Sql.Fronts;

/// <summary>Keys by the rounds of reads that clients' share.</summary>
internal sealed class KeyLookup(ReadPool reads) : IKeyLookup
{
    public ValueTask<KeyItem?> FindAsync(ReadOnlyMemory<byte> key) =>
        reads.ReadAsync([key], snapshot => Find(snapshot, key), CancellationToken.None);

    public ValueTask<IReadOnlyList<KeyItem?>> FindAllAsync(IReadOnlyList<ReadOnlyMemory<byte>> keys) =>
        reads.ReadAsync<IReadOnlyList<KeyItem?>>(keys, snapshot => [.. keys.Select(key => Find(snapshot, key))], CancellationToken.None);

    private static KeyItem? Find(ISnapshot snapshot, ReadOnlyMemory<byte> key) => new RowReader(snapshot).Find(key) is { } row
        ? new KeyItem(row.Value, row.CreateRevision, row.Revision.Main, row.Version, row.Lease)
        : null;
}
