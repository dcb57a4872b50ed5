using Raftd.Sql.Database;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.Sql.Evaluation;

/// <summary>The leases that a batch is evaluated on, and each of its steps: for the tables, and for the other fronts.</summary>
internal sealed class BatchLeases(LeaseTable table) : ILeaseTable
{
    private readonly List<LeaseStep> _steps = [];

    // Steps of one lease or key add none.
    private readonly List<LeaseChange> _changes = [];

    public IReadOnlyList<LeaseStep> Steps => _steps;

    public LeaseTrees Freeze() => table.Freeze();

    public LeaseRecord? Find(long id) => table.Find(id);

    public bool IsNameTaken(ReadOnlySpan<byte> name) => table.IsNameTaken(name);

    public LeaseKeyRecord? FindKey(long id, ReadOnlySpan<byte> key) => table.FindKey(id, key);

    public long CountKeys(long id) => table.CountKeys(id);

    public bool HasKeys(long id) => table.HasKeys(id);

    public List<byte[]> KeysOf(long id, int max) => table.KeysOf(id, max);

    public void Set(LeaseRecord lease) => Do(new LeaseStep(LeaseStepKind.Set, lease.Id, lease));

    public void Remove(LeaseRecord lease) => Do(new LeaseStep(LeaseStepKind.Removed, lease.Id));

    public void Attach(long id, byte[] key, LeaseKeyRecord record) =>
        Do(new LeaseStep(LeaseStepKind.Attached, id, Key: key, Record: record));

    public void Detach(long id, byte[] key) => Do(new LeaseStep(LeaseStepKind.Detached, id, Key: key));

    public long DetachAll(KeyRange range, List<LeaseChange> changes)
    {
        if (!table.Freeze().KeysIn(range).Any())
        {
            return 0;
        }

        _steps.Add(new LeaseStep(LeaseStepKind.RangeDetached, 0, Range: range));
        return table.DetachAll(range, changes);
    }

    public void Store(long id, byte[] key, LeaseKeyRecord record) =>
        Do(new LeaseStep(LeaseStepKind.Stored, id, Key: key, Record: record));

    /// <summary>The rows of `leases` after all steps: each lease once. What a range has detached, the database finds by itself.</summary>
    public IReadOnlyList<LeaseRowChange> Rows() =>
    [
        .. _steps.Where(static step => step.Key is null && step.Range is null).Select(static step => step.Id).Distinct()
            .Select(id => new LeaseRowChange(id, table.Find(id))),
    ];

    /// <summary>The rows of `lease_keys`, likewise.</summary>
    public IReadOnlyList<LeaseKeyRowChange> KeyRows()
    {
        var seen = new Dictionary<long, HashSet<byte[]>>();
        var rows = new List<LeaseKeyRowChange>();
        foreach (var step in _steps)
        {
            if (step.Key is null)
            {
                continue;
            }

            if (!seen.TryGetValue(step.Id, out var keys))
            {
                seen.Add(step.Id, keys = new HashSet<byte[]>(BytesComparer.Instance));
            }

            if (keys.Add(step.Key))
            {
                rows.Add(new LeaseKeyRowChange(step.Id, step.Key, table.FindKey(step.Id, step.Key)));
            }
        }

        return rows;
    }

    private void Do(LeaseStep step)
    {
        step.ApplyTo(table, _changes);
        _steps.Add(step);
    }
}
