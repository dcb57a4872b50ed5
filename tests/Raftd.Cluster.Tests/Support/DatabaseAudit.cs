using System.Globalization;
using Raftd.Testing.Databases;

namespace Raftd.Cluster.Tests.Support;

/// <summary>What the tables of a front's database must be among themselves, asked in SQL that every engine speaks. Nothing may have been
/// compacted.</summary>
internal sealed record DatabaseAudit(int Versions, IReadOnlyList<string> Faults)
{
    private const string Chained =
        """
        SELECT rev, sub, version, create_rev, flags, prev_rev, prev_sub,
          LAG(rev) OVER w AS before_rev, LAG(sub) OVER w AS before_sub, LAG(version) OVER w AS before_version,
          LAG(flags) OVER w AS before_flags, LAG(create_rev) OVER w AS before_create
        FROM raftd_revisions WINDOW w AS (PARTITION BY bucket, k ORDER BY rev, sub)
        """;

    /// <summary>Each counts what must not be. flags 1 is a deletion.</summary>
    private static readonly (string What, string Sql)[] Rules =
    [
        (
            "gaps between revisions",
            "SELECT COUNT(*) FROM (SELECT rev, LAG(rev) OVER (ORDER BY rev) AS before_rev FROM (SELECT DISTINCT rev FROM raftd_revisions) d) g"
                + " WHERE before_rev IS NOT NULL AND rev <> before_rev + 1"),
        (
            "gaps between parts of a revision",
            "SELECT COUNT(*) FROM (SELECT rev, COUNT(*) AS n, MAX(sub) AS top FROM raftd_revisions GROUP BY rev) g WHERE n <> top + 1"),
        (
            "gaps in the log",
            "SELECT COUNT(*) FROM (SELECT seq, rev, LAG(seq) OVER w AS before_seq, LAG(rev) OVER w AS before_rev FROM raftd_log"
                + " WINDOW w AS (ORDER BY seq)) g WHERE before_seq IS NOT NULL AND (seq <> before_seq + 1 OR rev < before_rev)"),
        (
            "the log's last revision is another one",
            "SELECT COUNT(*) FROM (SELECT (SELECT MAX(rev) FROM raftd_revisions) AS a, (SELECT MAX(rev) FROM raftd_log) AS b) g WHERE a <> b"),
        (
            "versions that name another one before them",
            $"SELECT COUNT(*) FROM ({Chained}) c WHERE before_rev IS NOT NULL AND before_flags <> 1"
                + " AND (prev_rev <> before_rev OR prev_sub <> before_sub)"),
        (
            "versions that are counted wrong",
            $"SELECT COUNT(*) FROM ({Chained}) c WHERE flags <> 1 AND"
                + " ((before_rev IS NOT NULL AND before_flags <> 1 AND (version <> before_version + 1 OR create_rev <> before_create))"
                + " OR ((before_rev IS NULL OR before_flags = 1) AND (version <> 1 OR create_rev <> rev)))"),
        (
            "live keys that are not the last version",
            "SELECT COUNT(*) FROM raftd_keys l WHERE NOT EXISTS (SELECT 1 FROM raftd_revisions r WHERE r.k = l.k AND r.rev = l.mod_rev"
                + " AND r.sub = l.mod_sub AND r.flags <> 1) OR EXISTS (SELECT 1 FROM raftd_revisions r WHERE r.k = l.k AND r.rev > l.mod_rev)"),
        (
            "live keys that the log counts wrong",
            "SELECT COUNT(*) FROM (SELECT (SELECT COUNT(*) FROM raftd_keys) AS a,"
                + " (SELECT key_count FROM raftd_log ORDER BY seq DESC LIMIT 1) AS b) g WHERE a <> b"),
    ];

    /// <param name="server">Of the database.</param>
    /// <param name="url">The database's.</param>
    public static DatabaseAudit Of(IDatabaseServer server, string url) => new(
        Count(server, url, "SELECT COUNT(*) FROM raftd_revisions"),
        [.. Rules.Select(rule => (rule.What, Count: Count(server, url, rule.Sql))).Where(static found => found.Count > 0)
            .Select(static found => string.Create(CultureInfo.InvariantCulture, $"{found.What}: {found.Count}"))]);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Versions} versions and {Rules.Length} rules looked at in SQL");

    private static int Count(IDatabaseServer server, string url, string sql) => int.Parse(server.Query(url, sql), CultureInfo.InvariantCulture);
}
