using Raftd.Testing.Databases;

namespace Raftd.Benchmarks.Fronts;

/// <summary>Fronts over a database of their own, each a process of this machine.</summary>
internal sealed class FrontSet : IDisposable
{
    private FrontSet(string database, ServerProcess[] fronts) => (Database, Fronts) = (database, fronts);

    /// <summary>Its URL.</summary>
    public string Database { get; }

    public IReadOnlyList<ServerProcess> Fronts { get; }

    /// <summary>Of all of them, without the database.</summary>
    public TimeSpan CpuTime => Fronts.Aggregate(TimeSpan.Zero, static (sum, front) => sum + front.CpuTime);

    /// <param name="server">Given a new database.</param>
    /// <param name="port">Of the first; the others follow.</param>
    /// <param name="count">Fronts.</param>
    /// <param name="areReached">By each other, for writes and hints.</param>
    public static async Task<FrontSet> StartAsync(IDatabaseServer server, int port, int count, bool areReached = true)
    {
        var database = server.CreateDatabase();
        List<ServerProcess> fronts = [];
        for (var number = 0; number < count; number++)
        {
            fronts.Add(await ServerProcess.StartFrontAsync(database, port + number, areReached));
        }

        return new FrontSet(database, [.. fronts]);
    }

    public void Dispose()
    {
        foreach (var front in Fronts)
        {
            front.Dispose();
        }
    }
}
