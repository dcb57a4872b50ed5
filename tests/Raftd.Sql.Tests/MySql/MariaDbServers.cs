using Raftd.Sql.MySql;
using Raftd.Sql.Tests.Database;
using Raftd.Sql.Tests.MySql;
using Raftd.Testing.Databases;

[assembly: AssemblyFixture(typeof(MariaDbServers))]

namespace Raftd.Sql.Tests.MySql;

/// <summary>One server for all tests that leave it running: the one that they were given, or else one that the first that asks
/// starts.</summary>
public sealed class MariaDbServers : IDisposable
{
    private readonly Lazy<IDatabaseServer> _shared = new(static () => GivenServer.Of("mysql") ?? (IDatabaseServer)MariaDbServer.Start());

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
    internal static MySqlDatabase Prepared(string url, MySqlOptions? options = null)
    {
        var database = new MySqlDatabase(TargetOf(url), options: options);
        database.Prepare();
        return database;
    }
}
