// Deletes what a compaction to C has left behind, a step of it.
//
// A version that was replaced at or below C is seen by no read any more, unless it is of C itself: a watch may begin there. So of each
// version up to C that was looked at, its predecessor goes if that is below C, and it goes itself if it is a deletion below C. What is
// of C itself stays until the next compaction, which is why a sweep begins with the revision before its first one: it may be where
// the compaction before ended.
//
// A step looks at so many versions as it was told, from one on: a revision may have a million.

using Npgsql;
using Raftd.Sql.Database;
using Raftd.State.Keyspaces;

namespace Raftd.Sql.Postgres;

internal static class PostgresSweep
{
    private const string ReadSwept = "SELECT swept_rev, swept_bytes FROM raftd_buckets WHERE bucket = $1";

    // $2, $3 the first version, $4 the compact revision, $5 versions.
    private const string SweepOne =
        """
        WITH next AS (
          SELECT rev, sub FROM (
            SELECT rev, sub FROM raftd_revisions WHERE bucket = $1 AND (rev, sub) >= ($2, $3) AND rev <= $4
            ORDER BY rev, sub LIMIT 1 OFFSET $5) AS behind
          UNION ALL SELECT $4 + 1, 0 LIMIT 1),
        looked AS MATERIALIZED (
          SELECT rev, sub, flags, prev_rev, prev_sub FROM raftd_revisions
          WHERE bucket = $1 AND (rev, sub) >= ($2, $3) AND (rev, sub) < (SELECT rev, sub FROM next)),
        doomed AS (
          SELECT prev_rev AS rev, prev_sub AS sub FROM looked WHERE prev_rev > 0 AND prev_rev < $4
          UNION
          SELECT rev, sub FROM looked WHERE flags & 1 = 1 AND rev < $4),
        gone AS (
          DELETE FROM raftd_revisions AS kept USING doomed
          WHERE kept.bucket = $1 AND kept.rev = doomed.rev AND kept.sub = doomed.sub
          RETURNING length(kept.k) + kept.size + 64 AS bytes)
        UPDATE raftd_buckets SET swept_rev = GREATEST(swept_rev, (SELECT rev FROM next)),
          swept_bytes = swept_bytes + (SELECT COALESCE(sum(bytes), 0) FROM gone)
        WHERE bucket = $1
        RETURNING swept_rev, swept_bytes, (SELECT rev FROM next), (SELECT sub FROM next)
        """;

    /// <remarks>Sweepers wait for each other at the row of the bucket, before they look at anything.</remarks>
    public static void Add(NpgsqlBatch batch, long bucket, Revision from, long compactRevision, int max)
    {
        batch.Add("BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE");
        batch.Add("SELECT FROM raftd_buckets WHERE bucket = $1 FOR UPDATE").With(bucket);
        batch.Add(SweepOne).With(bucket).With(from.Main).With(from.Sub).With(compactRevision).With(max);
        batch.Add("COMMIT");
    }

    public static void AddRead(NpgsqlBatch batch, long bucket) => batch.Add(ReadSwept).With(bucket);

    /// <summary>What a step has come to: behind the row that was locked.</summary>
    public static SweepStep ReadStep(NpgsqlDataReader reader)
    {
        reader.NextResult();
        var swept = Read(reader);
        return new SweepStep(new Revision(reader.GetInt64(2), reader.GetInt64(3)), swept);
    }

    public static Swept Read(NpgsqlDataReader reader)
    {
        reader.Read();
        return new Swept(reader.GetInt64(0), reader.GetInt64(1));
    }
}
