using Raftd.Raft;
using Raftd.Wal;

namespace Raftd.Node.Replication;

/// <summary>The log on disk as the core reads it: the entries that have left the core's memory.</summary>
/// <remarks>
/// The log's thread deletes segments while the core reads on its own thread. So the start of the log moves in two steps:
/// first here, on the core's thread, then on disk. The core never asks for an entry that is about to be deleted.
/// </remarks>
internal sealed class WalRaftStorage(WriteAheadLog log) : IRaftStorage
{
    private ulong _floor;

    public ulong FirstIndex => Math.Max(_floor, log.FirstIndex);

    public ulong LastIndex => log.LastIndex;

    /// <summary>From now on the core sees the log begin here. Called on the core's thread.</summary>
    public void Release(ulong firstIndex) => _floor = Math.Max(_floor, firstIndex);

    public ulong Term(ulong index) => log.Term(index);

    public IReadOnlyList<Entry> Entries(ulong low, ulong high, long maxBytes) => Read(log, low, high, maxBytes);

    /// <summary>Any thread.</summary>
    public static Entry[] Read(WriteAheadLog log, ulong low, ulong high, long maxBytes) =>
        EntriesOf(log.Read(low, high, maxBytes));

    public static Entry[] EntriesOf(IReadOnlyList<LogEntry> records)
    {
        var entries = new Entry[records.Count];
        for (var i = 0; i < entries.Length; i++)
        {
            var record = records[i];
            entries[i] = new Entry(new EntryId(record.Term, record.Index), (EntryKind)record.Kind, record.Data);
        }

        return entries;
    }
}
