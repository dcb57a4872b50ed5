using System.Text;
using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Tests.Memory;
using Raftd.State.Keyspaces;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Simulation.Fronts.Checkers;

/// <summary>Each row that a bucket takes, held against all rows before it; and all versions there ever were, which no sweep
/// takes away.</summary>
/// <param name="database">The bucket's tables.</param>
/// <param name="first">The row that its log begins with.</param>
/// <param name="trace">Gets the chains.</param>
internal sealed class RowChecker(MemoryDatabase database, LogRow first, Trace trace) : IHistory
{
    private readonly SortedDictionary<string, List<RevisionRecord>> _byKey = new(StringComparer.Ordinal);
    private readonly List<RevisionRecord> _versions = [];
    private LogRow _last = first;

    /// <summary>In order.</summary>
    public IReadOnlyList<RevisionRecord> Versions => _versions;

    public int Rows { get; private set; }

    public int LeaderChanges { get; private set; }

    public long Newest => _last.Revision;

    public void Committed(Batch batch, Tables tables)
    {
        var row = batch.Row;
        Require(row.Seq == _last.Seq + 1, $"row {row.Seq} stands behind row {_last.Seq}");
        Require(batch.Before.Chain == _last.Chain, $"row {row.Seq} was evaluated behind another row than {_last.Seq}");
        RequireEpoch(row);
        RequireVersions(batch);
        Require(row.KeyCount == tables.Keys.Count, $"row {row.Seq} counts {row.KeyCount} keys, there are {tables.Keys.Count}");
        Require(
            row.CompactRevision >= _last.CompactRevision && row.CompactRevision <= row.Revision,
            $"row {row.Seq} is compacted to {row.CompactRevision}, the one before to {_last.CompactRevision}");
        _last = row;
        Rows++;
        trace.Add(row.Chain);
    }

    public void LoseHistory(LogRow last)
    {
        _last = last;
        _versions.RemoveAll(version => version.Revision.Main > last.Revision);
        foreach (var versions in _byKey.Values)
        {
            versions.RemoveAll(version => version.Revision.Main > last.Revision);
        }
    }

    /// <summary>What was put where, for those who know who was told what of it.</summary>
    public void Teach(HistoryChecker history)
    {
        foreach (var version in _versions.Where(static version => !version.IsTombstone && IsOfKeyClients(version.Key)))
        {
            history.Learn((ulong)version.Revision.Main, Encoding.UTF8.GetString(version.Value));
        }
    }

    /// <summary>The live keys are the newest versions, and what is gone no one may read.</summary>
    public void Verify()
    {
        var live = _byKey.Values.Where(static versions => versions is [.., { IsTombstone: false }]).Select(static versions => versions[^1]);
        var keys = database.Tables.Keys.Values;
        Require(
            live.Select(Text).SequenceEqual(keys.Select(Text), StringComparer.Ordinal),
            $"the live keys are not the newest versions of theirs");
        VerifyKept(database.Tables);
    }

    public KeyVersion? Find(string key, long revision) =>
        revision >= 1 && _byKey.TryGetValue(key, out var versions) && At(versions, revision) is { } found ? VersionOf(found) : null;

    public string Describe(string key, string rangeEnd, long revision) =>
        KeyVersion.Describe(Range(key, rangeEnd, revision).Select(VersionOf));

    public IEnumerable<RevisionRecord> Range(string key, string rangeEnd, long revision) =>
        from pair in _byKey
        where rangeEnd.Length == 0
            ? pair.Key == key
            : string.CompareOrdinal(pair.Key, key) >= 0 && string.CompareOrdinal(pair.Key, rangeEnd) < 0
        let found = At(pair.Value, revision)
        where found is not null
        select found;

    private void RequireEpoch(LogRow row)
    {
        Require(!_last.IsEnd, $"row {row.Seq} stands behind the end of its bucket");
        if (row.IsEnd)
        {
            return;
        }

        if (row.Epoch == _last.Epoch)
        {
            Require(row.Leader == _last.Leader, $"row {row.Seq} has another leader than the row before it, in the same epoch {row.Epoch}");
            return;
        }

        Require(row.Epoch == _last.Epoch + 1, $"row {row.Seq} is of epoch {row.Epoch}, the one before it of {_last.Epoch}");
        LeaderChanges++;
    }

    private void RequireVersions(Batch batch)
    {
        var expected = new Revision(_last.Revision, long.MaxValue);
        foreach (var (record, before) in batch.Versions)
        {
            var revision = record.Revision;
            Require(
                (revision.Main == expected.Main && revision.Sub == expected.Sub + 1) || (revision.Main == expected.Main + 1 && revision.Sub == 0),
                $"revision {revision} stands behind {expected}");
            expected = revision;
            Add(record, before);
        }

        Require(batch.Row.Revision == expected.Main, $"row {batch.Row.Seq} is at revision {batch.Row.Revision}, its last version at {expected}");
    }

    private void Add(RevisionRecord record, Revision? before)
    {
        var key = Encoding.UTF8.GetString(record.Key);
        if (!_byKey.TryGetValue(key, out var versions))
        {
            _byKey.Add(key, versions = []);
        }

        var live = versions is [.., { IsTombstone: false } newest] ? newest : null;
        Require(before == live?.Revision, $"{key} at {record.Revision} names {before} as the version before it, which is {live?.Revision}");
        if (record.IsTombstone)
        {
            Require(live is not null, $"{key} was deleted at {record.Revision} and was not there");
        }
        else
        {
            Require(
                record.CreateRevision == (live?.CreateRevision ?? record.Revision.Main) && record.Version == (live?.Version ?? 0) + 1,
                $"{key} at {record.Revision} is version {record.Version} since {record.CreateRevision}, behind {live?.Version} since {live?.CreateRevision}");
        }

        versions.Add(record);
        _versions.Add(record);
    }

    /// <summary>A sweep takes only what no one may read any more, and counts it.</summary>
    private void VerifyKept(Tables tables)
    {
        var swept = 0L;
        foreach (var versions in _byKey.Values)
        {
            for (var at = 0; at < versions.Count; at++)
            {
                if (tables.Versions.ContainsKey(versions[at].Revision))
                {
                    continue;
                }

                swept += versions[at].LogicalBytes;
                var isReplaced = at + 1 < versions.Count && versions[at + 1].Revision.Main <= _last.CompactRevision;
                Require(
                    versions[at].Revision.Main < _last.CompactRevision && (isReplaced || versions[at].IsTombstone),
                    $"revision {versions[at].Revision} is gone, compacted is to {_last.CompactRevision}");
            }
        }

        Require(swept == tables.Swept.Bytes, $"{swept} bytes were swept, {tables.Swept.Bytes} were counted");
    }

    private static RevisionRecord? At(List<RevisionRecord> versions, long revision) =>
        versions.FindLast(version => version.Revision.Main <= revision) is { IsTombstone: false } found ? found : null;

    // Of all others values may come twice.
    private static bool IsOfKeyClients(byte[] key) => key[0] is (byte)'k' or (byte)'n';

    private static KeyVersion VersionOf(RevisionRecord record) =>
        new(Encoding.UTF8.GetString(record.Key), record.Revision.Main, record.Value);

    private static string Text(RevisionRecord record) =>
        $"{Encoding.UTF8.GetString(record.Key)} {record.Revision} {record.CreateRevision} {record.Version} {record.Lease} {Encoding.UTF8.GetString(record.Value)}";

    private static string Text(KeyRow row) =>
        $"{Encoding.UTF8.GetString(row.Key)} {row.Revision} {row.CreateRevision} {row.Version} {row.Lease} {Encoding.UTF8.GetString(row.Value!)}";

    public static KeyVersion VersionOf(KeyValue item) => new(Encoding.UTF8.GetString(item.Key.Span), item.ModRevision, item.Value);
}
