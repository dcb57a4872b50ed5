using System.Globalization;
using Raftd.Testing.Databases;

namespace Raftd.Benchmarks.Fronts;

/// <summary>Fronts over a database of their own, each a process of this machine.</summary>
internal sealed class FrontSet : IDisposable
{
    private readonly PostgresServer _server;
    private readonly string _database;

    private FrontSet(PostgresServer server, string database, ServerProcess[] fronts) => (_server, _database, Fronts) = (server, database, fronts);

    public IReadOnlyList<ServerProcess> Fronts { get; }

    /// <summary>Of all of them, without the database.</summary>
    public TimeSpan CpuTime => Fronts.Aggregate(TimeSpan.Zero, static (sum, front) => sum + front.CpuTime);

    /// <summary>Transactions that the database has ended so far: a statement outside of one counts as one.</summary>
    public long Transactions => long.Parse(
        _server.Query(_database, "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"),
        CultureInfo.InvariantCulture);

    public static async Task<FrontSet> StartAsync(PostgresServer server, int port, int count)
    {
        var database = server.CreateDatabase();
        List<ServerProcess> fronts = [];
        for (var number = 0; number < count; number++)
        {
            fronts.Add(await ServerProcess.StartFrontAsync(database, port + number));
        }

        return new FrontSet(server, database, [.. fronts]);
    }

    public void Dispose()
    {
        foreach (var front in Fronts)
        {
            front.Dispose();
        }
    }
}
