using System.Text;
using Raftd.Sql.Database;
using Raftd.State.Keyspaces;

namespace Raftd.Sql.Tests.Database;

/// <summary>Makes batches as the engine does: dense revisions, versions that know the one before, live keys, a chain.</summary>
internal sealed class BatchScript
{
    private readonly Dictionary<byte[], KeyRow> _live = new(BytesComparer.Instance);
    private readonly HashSet<byte[]> _changed = new(BytesComparer.Instance);
    private List<NewVersion> _versions = [];
    private long _revision;

    public BatchScript(LogRow last) => (Last, _revision) = (last, last.Revision);

    /// <summary>The row of the batch that was taken last.</summary>
    public LogRow Last { get; private set; }

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>One revision: puts, and deletions where the value is null.</summary>
    public BatchScript Change(params (byte[] Key, byte[]? Value)[] changes)
    {
        _revision++;
        for (var sub = 0; sub < changes.Length; sub++)
        {
            Change(new Revision(_revision, sub), changes[sub].Key, changes[sub].Value);
        }

        return this;
    }

    public BatchScript Put(string key, string value) => Change((Bytes(key), Bytes(value)));

    public BatchScript Delete(string key) => Change((Bytes(key), null));

    /// <summary>What has gathered, as a batch behind the one before.</summary>
    public Batch Take()
    {
        var batch = new Batch
        {
            Before = Last,
            Row = Last with
            {
                Seq = Last.Seq + 1,
                Nonce = Last.Nonce + 0xF000_0000_0000_0001,
                Chain = Last.Chain + 0x9000_0000_0000_0007,
                Revision = _revision,
                KeyCount = _live.Count,
            },
            Versions = _versions,
            Keys = [.. _changed.Select(key => new KeyChange(key, _live.GetValueOrDefault(key)))],
        };
        (Last, _versions) = (batch.Row, []);
        _changed.Clear();
        return batch;
    }

    public void Commit(ISession session) => Assert.True(session.Commit(Take()));

    private void Change(Revision at, byte[] key, byte[]? value)
    {
        var old = _live.GetValueOrDefault(key);
        var record = value is null
            ? new RevisionRecord(at, key, [], 0, 0, 0, KeyFlags.Tombstone)
            : new RevisionRecord(at, key, value, old?.CreateRevision ?? at.Main, (old?.Version ?? 0) + 1, 0, KeyFlags.None);
        _versions.Add(new NewVersion(record, old?.Revision));
        _changed.Add(key);
        if (value is null)
        {
            _live.Remove(key);
        }
        else
        {
            _live[key] = KeyRow.Of(record);
        }
    }
}
