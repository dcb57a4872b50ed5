using Raftd.Sql.Postgres;
using Raftd.Sql.Tests.Postgres;
using Raftd.Testing.Databases;

[assembly: AssemblyFixture(typeof(PostgresServers))]

namespace Raftd.Sql.Tests.Postgres;

/// <summary>One server for all tests that leave it running; started by the first that asks.</summary>
public sealed class PostgresServers : IDisposable
{
    private readonly Lazy<PostgresServer> _shared = new(PostgresServer.Start);

    public PostgresServer Shared => _shared.Value;

    public void Dispose()
    {
        if (_shared.IsValueCreated)
        {
            _shared.Value.Dispose();
        }
    }

    internal static SqlTarget TargetOf(string url) =>
        SqlTarget.TryParse(url, out var target, out var problem) ? target : throw new ArgumentException(problem, nameof(url));

    /// <summary>With its tables.</summary>
    internal static PostgresDatabase Prepared(string url, PostgresOptions? options = null)
    {
        var database = new PostgresDatabase(TargetOf(url), options: options);
        database.Prepare();
        return database;
    }
}
