// Deletes what a compaction to C has left behind, a step of it.
//
// A version that was replaced at or below C is seen by no read any more, unless it is of C itself: a watch may begin there. So of each
// version up to C that was looked at, its predecessor goes if that is below C, and it goes itself if it is a deletion below C. What is
// of C itself stays until the next compaction, which is why a step looks at the revision before its first one again: it may be where
// the compaction before ended.
//
// A step looks at about so many versions as it was told, in whole revisions, and at one revision in any case.

using Npgsql;
using Raftd.Sql.Database;

namespace Raftd.Sql.Postgres;

internal static class PostgresSweep
{
    private const string ReadSwept = "SELECT swept_rev, swept_bytes FROM raftd_buckets WHERE bucket = $1";

    // $2 from, $3 the compact revision, $4 versions.
    private const string SweepStep =
        """
        WITH last AS (
          SELECT COALESCE(
            (SELECT GREATEST(rev - 1, $2) FROM raftd_revisions WHERE bucket = $1 AND rev >= $2 AND rev <= $3
             ORDER BY rev, sub LIMIT 1 OFFSET $4),
            $3) AS rev),
        looked AS MATERIALIZED (
          SELECT rev, sub, flags, prev_rev, prev_sub FROM raftd_revisions
          WHERE bucket = $1 AND rev >= $2 - 1 AND rev <= (SELECT rev FROM last)),
        doomed AS (
          SELECT prev_rev AS rev, prev_sub AS sub FROM looked WHERE prev_rev > 0 AND prev_rev < $3
          UNION
          SELECT rev, sub FROM looked WHERE flags & 1 = 1 AND rev < $3),
        gone AS (
          DELETE FROM raftd_revisions AS kept USING doomed
          WHERE kept.bucket = $1 AND kept.rev = doomed.rev AND kept.sub = doomed.sub
          RETURNING length(kept.k) + kept.size + 64 AS bytes)
        UPDATE raftd_buckets SET swept_rev = GREATEST(swept_rev, (SELECT rev + 1 FROM last)),
          swept_bytes = swept_bytes + (SELECT COALESCE(sum(bytes), 0) FROM gone)
        WHERE bucket = $1
        """;

    /// <remarks>Sweepers wait for each other at the row of the bucket, before they look at anything.</remarks>
    public static void Add(NpgsqlBatch batch, long bucket, long from, long compactRevision, int max)
    {
        batch.Add("BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE");
        batch.Add("SELECT FROM raftd_buckets WHERE bucket = $1 FOR UPDATE").With(bucket);
        batch.Add(SweepStep).With(bucket).With(from).With(compactRevision).With(max);
        AddRead(batch, bucket);
        batch.Add("COMMIT");
    }

    public static void AddRead(NpgsqlBatch batch, long bucket) => batch.Add(ReadSwept).With(bucket);

    /// <summary>What a step has come to: behind the row that was locked.</summary>
    public static Swept ReadStep(NpgsqlDataReader reader)
    {
        reader.NextResult();
        return Read(reader);
    }

    public static Swept Read(NpgsqlDataReader reader)
    {
        reader.Read();
        return new Swept(reader.GetInt64(0), reader.GetInt64(1));
    }
}
