using Raftd.Sql.MySql;
using Raftd.Sql.Tests.MySql;
using Raftd.Testing.Databases;

[assembly: AssemblyFixture(typeof(MariaDbServers))]

namespace Raftd.Sql.Tests.MySql;

/// <summary>One server for all tests that leave it running; started by the first that asks.</summary>
public sealed class MariaDbServers : IDisposable
{
    private readonly Lazy<MariaDbServer> _shared = new(MariaDbServer.Start);

    public MariaDbServer Shared => _shared.Value;

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
    internal static MySqlDatabase Prepared(string url, MySqlOptions? options = null)
    {
        var database = new MySqlDatabase(TargetOf(url), options: options);
        database.Prepare();
        return database;
    }
}
