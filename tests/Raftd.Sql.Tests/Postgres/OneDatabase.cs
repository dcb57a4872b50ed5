using Npgsql;
using Raftd.Sql.Postgres;

namespace Raftd.Sql.Tests.Postgres;

/// <summary>A database of the shared server for the tests of a class, which run one after the other.</summary>
public sealed class OneDatabase(PostgresServers servers)
{
    private readonly string _url = servers.Shared.CreateDatabase();

    /// <summary>With its tables as if they had just been made: much quicker than a database for each test.</summary>
    internal PostgresDatabase Emptied(PostgresOptions? options = null)
    {
        PostgresServers.Prepared(_url).Dispose();
        Execute(
            """
            DELETE FROM raftd_buckets; DELETE FROM raftd_log; DELETE FROM raftd_revisions; DELETE FROM raftd_keys;
            DELETE FROM raftd_leases; DELETE FROM raftd_lease_keys; DELETE FROM raftd_meta; DELETE FROM raftd_fronts
            """);
        return PostgresServers.Prepared(_url, options);
    }

    /// <summary>Once more, as it is.</summary>
    internal PostgresDatabase Opened() => PostgresServers.Prepared(_url);

    /// <summary>As the user of the server, on a connection of its own.</summary>
    internal void Execute(string sql)
    {
        using var connection = Connect();
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    /// <summary>Its first value as text.</summary>
    internal string Query(string sql)
    {
        using var connection = Connect();
        using var command = new NpgsqlCommand(sql, connection);
        return $"{command.ExecuteScalar()}";
    }

    internal NpgsqlConnection Connect()
    {
        var target = PostgresServers.TargetOf(_url);
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder
        {
            Host = target.Host,
            Port = target.Port,
            Database = target.Database,
            Username = target.User,
            Password = target.Password,
            Pooling = false,
        }.ConnectionString);
        connection.Open();
        return connection;
    }
}
