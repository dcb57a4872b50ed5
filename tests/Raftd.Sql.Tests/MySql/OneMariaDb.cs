using Raftd.Sql.MySql;

namespace Raftd.Sql.Tests.MySql;

/// <summary>A database of the shared server for the tests of a class, which run one after the other.</summary>
public sealed class OneMariaDb(MariaDbServers servers)
{
    private readonly string _url = servers.Shared.CreateDatabase();

    /// <summary>As the server lists it.</summary>
    internal string Name => MariaDbServers.TargetOf(_url).Database;

    /// <summary>With its tables as if they had just been made: much quicker than a database for each test.</summary>
    internal MySqlDatabase Emptied(MySqlOptions? options = null)
    {
        MariaDbServers.Prepared(_url).Dispose();
        Execute(
            """
            DELETE FROM raftd_buckets; DELETE FROM raftd_log; DELETE FROM raftd_revisions; DELETE FROM raftd_keys;
            DELETE FROM raftd_chunks; DELETE FROM raftd_leases; DELETE FROM raftd_lease_keys; DELETE FROM raftd_meta;
            DELETE FROM raftd_fronts
            """);
        return MariaDbServers.Prepared(_url, options);
    }

    /// <summary>Once more, as it is.</summary>
    internal MySqlDatabase Opened() => MariaDbServers.Prepared(_url);

    /// <summary>As the user of the server, on a connection of its own.</summary>
    /// <returns>Its rows, a line each.</returns>
    internal string Execute(string sql) => servers.Shared.Query(_url, sql);

    /// <summary>A connection that the caller keeps.</summary>
    internal MySqlLink Connect() => MySqlLink.Open(MariaDbServers.TargetOf(_url), TimeSpan.FromSeconds(5));
}
