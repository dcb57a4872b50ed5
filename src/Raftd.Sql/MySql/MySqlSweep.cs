// Deletes what a compaction to C has left behind, a step of it.
//
// A version that was replaced at or below C is seen by no read any more, unless it is of C itself: a watch may begin there. So of each
// version up to C that was looked at, its predecessor goes if that is below C, and it goes itself if it is a deletion below C. What is
// of C itself stays until the next compaction, which is why a sweep begins with the revision before its first one: it may be where
// the compaction before ended.
//
// A step looks at so many versions as it was told, from one on: a revision may have a million. It is two packets of one transaction: how
// far it goes, then the rest.

using Raftd.State.Keyspaces;

namespace Raftd.Sql.MySql;

internal static class MySqlSweep
{
    private const int TombstoneFlag = 1;

    /// <remarks>
    /// Sweepers wait for each other at the row of the bucket, before they look at anything. Its results: that row, and the version behind
    /// the last one to look at, if that many are there.
    /// </remarks>
    public static void AddBeginning(MySqlScript script, long bucket, Revision from, long compactRevision, int max)
    {
        script.Add($"START TRANSACTION");
        script.Add($"SELECT swept_rev FROM raftd_buckets WHERE bucket = {bucket} FOR UPDATE");
        script.Add(
            $"""
            SELECT rev, sub FROM raftd_revisions FORCE INDEX (PRIMARY) WHERE bucket = {bucket}
              AND {MySqlRows.IsFrom(from)} AND rev <= {compactRevision}
            ORDER BY rev, sub LIMIT 1 OFFSET {max}
            """);
    }

    /// <param name="script">Its one result is what the step has come to.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="from">The first version of the step.</param>
    /// <param name="next">The first one behind it.</param>
    /// <param name="compactRevision">The compaction's.</param>
    public static void AddEnd(MySqlScript script, long bucket, Revision from, Revision next, long compactRevision)
    {
        script.Write(
            $"""
            UPDATE raftd_buckets SET swept_rev = GREATEST(swept_rev, {next.Main}), swept_bytes = swept_bytes + (
              SELECT CAST(COALESCE(SUM(LENGTH(kept.k) + kept.size + 64), 0) AS SIGNED)
            """);
        AddDoomed(script, bucket, from, next, compactRevision, new Sql("raftd_revisions"));
        script.Add($") WHERE bucket = {bucket}");
        foreach (var table in new Sql[] { new("raftd_chunks"), new("raftd_revisions") })
        {
            script.Write($"DELETE kept");
            AddDoomed(script, bucket, from, next, compactRevision, table);
            script.Add($"");
        }

        AddRead(script, bucket);
        script.Add($"COMMIT");
    }

    public static void AddRead(MySqlScript script, long bucket) =>
        script.Add($"SELECT swept_rev, swept_bytes FROM raftd_buckets WHERE bucket = {bucket}");

    /// <summary>From what is to go, its rows of a table.</summary>
    /// <remarks>The index is forced on both: when most of a table has just been swept, the server takes it for nearly empty, and any index
    /// that begins with the bucket for as good. It then walks over all that is left, and what it has not purged, for each row.</remarks>
    private static void AddDoomed(MySqlScript script, long bucket, Revision from, Revision next, long compactRevision, Sql table)
    {
        script.Write($" FROM (SELECT prev_rev AS rev, prev_sub AS sub FROM raftd_revisions FORCE INDEX (PRIMARY) ");
        WriteStep(script, bucket, from, next);
        script.Write($" AND prev_rev > 0 AND prev_rev < {compactRevision} UNION SELECT rev, sub FROM raftd_revisions FORCE INDEX (PRIMARY) ");
        WriteStep(script, bucket, from, next);
        script.Write($" AND flags & {TombstoneFlag} <> 0 AND rev < {compactRevision}) AS doomed STRAIGHT_JOIN {table} AS kept FORCE INDEX (PRIMARY) ");
        script.Write($"ON kept.bucket = {bucket} AND kept.rev = doomed.rev AND kept.sub = doomed.sub");
    }

    private static void WriteStep(MySqlScript script, long bucket, Revision from, Revision next)
    {
        script.Write($"WHERE bucket = {bucket} AND {MySqlRows.IsFrom(from)} ");
        script.Write($"AND (rev < {next.Main} OR (rev = {next.Main} AND sub < {next.Sub}))");
    }
}
