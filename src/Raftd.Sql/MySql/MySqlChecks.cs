namespace Raftd.Sql.MySql;

/// <summary>Settings without which the server acknowledges what a crash takes back, shows what is not durable yet, or cannot take what
/// is sent.</summary>
internal static class MySqlChecks
{
    /// <summary>The longest packet of pairs (<see cref="MySqlScript.PacketChars"/> and one more row, of a key and a piece of a value) has a
    /// third of this; the row of the log, which says in one piece what a batch has changed of leases, may have all of it.</summary>
    public const long LeastPacketBytes = 16 << 20;

    // Of wsrep_sync_wait: reads and beginnings of transactions, updates and deletions, insertions.
    private const long WaitsForAll = 7;

    private const string Kept = ", and the same in the server's configuration";

    /// <summary>Those that are asked about.</summary>
    public static readonly string[] Names =
    [
        "version", "read_only", "super_read_only", "innodb_read_only", "innodb_flush_log_at_trx_commit", "log_bin", "sync_binlog",
        "binlog_format", "innodb_doublewrite", "max_allowed_packet", "wsrep_on", "wsrep_sync_wait", "tidb_txn_mode",
        "tidb_guarantee_linearizability",
    ];

    /// <param name="settings">Of a session of ours, by their names. One that the server does not know is not in it.</param>
    /// <returns>Each problem with the statement that mends it; none where all is safe.</returns>
    public static List<string> FindProblems(IReadOnlyDictionary<string, string> settings)
    {
        var problems = new List<string>();
        var isTiDb = settings.GetValueOrDefault("version", "").Contains("TiDB", StringComparison.Ordinal);
        if (isTiDb)
        {
            AddOfTiDb();
        }
        else
        {
            AddOfInnoDb();
        }

        AddIf(
            NumberOf("max_allowed_packet") < LeastPacketBytes,
            $"max_allowed_packet is below {LeastPacketBytes}, and a batch of writes may have as much: "
                + $"SET GLOBAL max_allowed_packet = {LeastPacketBytes};{Kept}");
        return problems;

        void AddOfInnoDb()
        {
            AddIf(
                new[] { "read_only", "super_read_only", "innodb_read_only" }.Any(name => Is(name, "ON")),
                "the server is read only, as a replica is: name the primary, or make this server one with: SET GLOBAL read_only = OFF;");

            // MariaDB's 3 syncs more often than 1.
            AddIf(
                !Is("innodb_flush_log_at_trx_commit", "1") && !Is("innodb_flush_log_at_trx_commit", "3"),
                "innodb_flush_log_at_trx_commit is not 1, so a crash loses what was acknowledged: "
                    + $"SET GLOBAL innodb_flush_log_at_trx_commit = 1;{Kept}");
            AddIf(
                !Is("log_bin", "ON"),
                "the binary log is off, and without it InnoDB shows commits before they are durable: "
                    + "write log_bin, sync_binlog = 1 and binlog_format = ROW into the server's configuration, and restart it");
            AddIf(
                Is("log_bin", "ON") && !Is("sync_binlog", "1"),
                $"sync_binlog is not 1, so commits are shown before they are durable: SET GLOBAL sync_binlog = 1;{Kept}");
            AddIf(
                Is("log_bin", "ON") && Is("binlog_format", "STATEMENT"),
                $"binlog_format is STATEMENT, and then InnoDB takes no writes of READ COMMITTED: SET GLOBAL binlog_format = ROW;{Kept}");
            AddIf(
                settings.ContainsKey("innodb_doublewrite") && !Is("innodb_doublewrite", "ON"),
                "innodb_doublewrite is not ON, so a crash of the machine leaves torn pages: "
                    + "write innodb_doublewrite = ON into the server's configuration, and restart it");
            AddIf(
                Is("wsrep_on", "ON") && (NumberOf("wsrep_sync_wait") & WaitsForAll) != WaitsForAll,
                $"wsrep_sync_wait is not {WaitsForAll}, so a server of the cluster shows what was true some time ago: "
                    + $"SET GLOBAL wsrep_sync_wait = {WaitsForAll};{Kept}");
        }

        void AddOfTiDb()
        {
            AddIf(
                !Is("tidb_txn_mode", "pessimistic"),
                "tidb_txn_mode is not pessimistic, so writers do not wait for each other: SET GLOBAL tidb_txn_mode = 'pessimistic';");
            AddIf(
                !Is("tidb_guarantee_linearizability", "ON"),
                "tidb_guarantee_linearizability is off, so a read may miss what was acknowledged before it: "
                    + "SET GLOBAL tidb_guarantee_linearizability = ON;");
        }

        bool Is(string name, string value) => settings.GetValueOrDefault(name, "").Equals(value, StringComparison.OrdinalIgnoreCase);

        long NumberOf(string name) => MySqlDatabase.NumberOf(settings, name);

        void AddIf(bool isWrong, string problem)
        {
            if (isWrong)
            {
                problems.Add(problem);
            }
        }
    }
}
