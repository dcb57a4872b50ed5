using Raftd.Sql.Postgres;
using Raftd.Sql.Tests.Database;
using Raftd.Sql.Tests.Postgres;
using Raftd.Testing.Databases;

[assembly: AssemblyFixture(typeof(PostgresServers))]

namespace Raftd.Sql.Tests.Postgres;

/// <summary>One server for all tests that leave it running: the one that they were given, or else one that the first that asks
/// starts.</summary>
public sealed class PostgresServers : IDisposable
{
    private readonly Lazy<IDatabaseServer> _shared = new(static () => GivenServer.Of("postgres") ?? (IDatabaseServer)PostgresServer.Start());

    public IDatabaseServer Shared => _shared.Value;

    public void Dispose()
    {
        if (_shared.IsValueCreated)
        {
            _shared.Value.Dispose();
        }
    }

    internal static SqlTarget TargetOf(string url) => Targets.Of(url);

    /// <summary>With its tables.</summary>
    internal static PostgresDatabase Prepared(string url, PostgresOptions? options = null)
    {
        var database = new PostgresDatabase(TargetOf(url), options: options);
        database.Prepare();
        return database;
    }
}
