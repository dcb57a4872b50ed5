using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.State.Keyspaces;

namespace Raftd.Sql.Reading;

/// <summary>One moment of the database as the conditions and reads of a transaction ask it.</summary>
internal sealed class SnapshotKeys(ISnapshot snapshot) : IKeyReads
{
    public long Revision => snapshot.Last.Revision;

    public ILiveKey? FindLive(ReadOnlySpan<byte> key) => snapshot.Find(key.ToArray());

    public IReadOnlyList<ILiveKey> LiveIn(KeyRange range, ReadOnlyMemory<byte> from, int max) =>
        snapshot.LiveIn(range, from, isDescending: false, max, withValues: false);

    public byte[] ValueOf(ILiveKey live) => new RowReader(snapshot).ValueOf((KeyRow)live);

    public RangeResponse Range(RangeRequest request) => new RowReader(snapshot).Range(request);
}
