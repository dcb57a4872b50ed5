using Raftd.Sql.Database;
using Raftd.State.Keyspaces;

namespace Raftd.Sql.MySql;

/// <summary>A slice of a deletion as a set, in the transaction that holds the row of the log.</summary>
internal static class MySqlRangeDeletion
{
    private static readonly Sql FromKeys = new("FROM raftd_keys AS gone FORCE INDEX (PRIMARY)");

    /// <summary>Its one result is the number of deletions.</summary>
    /// <remarks>The keys of the slice are found by their index, and looked up in the tables of leases one by one.</remarks>
    public static void Add(MySqlScript script, long bucket, RangeDeletion deletion, KeySlice slice, long firstSub)
    {
        if (deletion.HasLeases)
        {
            script.Write($"DELETE kept {FromKeys} STRAIGHT_JOIN raftd_leases AS kept FORCE INDEX (PRIMARY) ");
            script.Write($"ON kept.bucket = {bucket} AND kept.id = gone.lease AND kept.flags & {LeaseFlags.Hidden} <> 0 ");
            AddSlice(script, bucket, slice);
            script.Write($"DELETE kept {FromKeys} STRAIGHT_JOIN raftd_lease_keys AS kept FORCE INDEX (PRIMARY) ");
            script.Write($"ON kept.bucket = {bucket} AND kept.lease = gone.lease AND kept.k = gone.k ");
            AddSlice(script, bucket, slice);
        }

        script.Write($"INSERT INTO raftd_revisions (bucket, {MySqlRows.VersionColumns}, prev_rev, prev_sub, v) ");
        script.Write($"SELECT bucket, {deletion.Revision}, {firstSub} - 1 + ROW_NUMBER() OVER (ORDER BY k), k, ");
        script.Write($"0, 0, 0, {(long)KeyFlags.Tombstone}, 0, mod_rev, mod_sub, NULL {FromKeys} ");
        AddSlice(script, bucket, slice);
        script.Add($"SELECT ROW_COUNT()");
        script.Write($"DELETE gone {FromKeys} ");
        AddSlice(script, bucket, slice);
    }

    private static void AddSlice(MySqlScript script, long bucket, KeySlice slice) =>
        script.Add($"WHERE gone.bucket = {bucket} AND gone.k >= {slice.First} AND gone.k <= {slice.Last}");
}
