using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Evaluation;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.Sql.Fronts;

/// <summary>Where a front begins: the last row, and the leases and alarms of its moment.</summary>
internal static class FrontLoader
{
    private const int RowsTogether = 1000;

    /// <exception cref="DatabaseException">Away, or Wrong where the tables contradict each other.</exception>
    public static FrontState Load(IDatabase database)
    {
        using var session = database.Open();
        return Load(session);
    }

    public static FrontState Load(ISession session)
    {
        using var snapshot = session.Snapshot([]);
        var table = new LeaseTable(new StateHash(0), static _ => { });
        LoadLeases(snapshot, table);
        LoadKeys(snapshot, table);
        return new FrontState(snapshot.Last, table.Freeze(), AlarmsOf(snapshot));
    }

    private static void LoadLeases(ISnapshot snapshot, LeaseTable table)
    {
        var from = long.MinValue;
        while (true)
        {
            var page = snapshot.Leases(from, RowsTogether);
            foreach (var lease in page)
            {
                table.Restore(lease);
            }

            if (page.Count < RowsTogether || page[^1].Id == long.MaxValue)
            {
                return;
            }

            from = page[^1].Id + 1;
        }
    }

    private static void LoadKeys(ISnapshot snapshot, LeaseTable table)
    {
        var (lease, behind) = (long.MinValue, ReadOnlyMemory<byte>.Empty);
        while (true)
        {
            var page = snapshot.LeaseKeys(lease, behind, RowsTogether);
            foreach (var key in page)
            {
                if (table.Find(key.Lease) is null)
                {
                    throw new DatabaseException(DatabaseFault.Wrong, $"a key is attached to lease {key.Lease}, which is not there");
                }

                table.Attach(key.Lease, key.Key, key.Record);
            }

            if (page.Count < RowsTogether)
            {
                return;
            }

            (lease, behind) = (page[^1].Lease, page[^1].Key);
        }
    }

    private static Alarm[] AlarmsOf(ISnapshot snapshot)
    {
        foreach (var (name, value) in snapshot.Meta())
        {
            if (name == BatchEvaluator.AlarmsName)
            {
                return RowDeltas.TryDecodeAlarms(value, out var alarms)
                    ? alarms
                    : throw new DatabaseException(DatabaseFault.Wrong, "the alarms in the table meta cannot be read");
            }
        }

        return [];
    }
}
