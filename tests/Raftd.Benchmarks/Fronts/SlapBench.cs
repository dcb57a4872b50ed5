using System.Globalization;
using Raftd.Testing.Databases;
using Raftd.Testing.Processes;

namespace Raftd.Benchmarks.Fronts;

/// <summary>What a MariaDB does where each put is a transaction of its own that overwrites the row of its key, and that is all: no revisions,
/// no history. By mariadb-slap, with as many clients, values as large, keys as many.</summary>
internal sealed class SlapBench
{
    // Of one second of a run, about: the tool counts statements and not time.
    private const int PutsPerSecond = 2000;

    private readonly MariaDbServer _server;
    private readonly BenchmarkOptions _options;
    private readonly string _database;

    public SlapBench(MariaDbServer server, BenchmarkOptions options)
    {
        (_server, _options) = (server, options);
        _database = new Uri(server.CreateDatabase()).AbsolutePath.Trim('/');
        server.Execute("CREATE TABLE kept (k VARBINARY(64) PRIMARY KEY, v LONGBLOB NOT NULL)", _database);
    }

    /// <returns>Puts in a second; the other figures are not known.</returns>
    public async Task<WrkResult> RunAsync()
    {
        var puts = PutsPerSecond * _options.Seconds;
        var said = await Subprocess.RunAsync(_server.ClientCommand(
            "mariadb-slap",
            string.Create(CultureInfo.InvariantCulture, $"--concurrency={_options.Connections}"),
            string.Create(CultureInfo.InvariantCulture, $"--number-of-queries={puts}"),
            $"--create-schema={_database}", "--no-drop", "--csv",
            string.Create(
                CultureInfo.InvariantCulture,
                $"--query=INSERT INTO kept VALUES (CONCAT('bench/', FLOOR(RAND() * {_options.Keys})), REPEAT('x', {_options.ValueBytes})) ON DUPLICATE KEY UPDATE v = VALUES(v)")));
        return said.Output.Trim().Split(',') is [_, var seconds, ..]
            ? new WrkResult(puts / double.Parse(seconds, CultureInfo.InvariantCulture), 0, 0, 0)
            : throw new BenchmarkException($"mariadb-slap said nothing of use:{Environment.NewLine}{said}");
    }
}
