using System.Globalization;
using Raftd.Testing.Databases;
using Raftd.Testing.Processes;

namespace Raftd.Benchmarks.Fronts;

/// <summary>What a MariaDB does where each put is a transaction of its own, by mariadb-slap: as many clients, values as large, keys as
/// many.</summary>
internal sealed class SlapBench
{
    private readonly MariaDbServer _server;
    private readonly BenchmarkOptions _options;
    private readonly string _database;
    private readonly int _puts;

    // The tool counts statements and not time.
    private SlapBench(MariaDbServer server, BenchmarkOptions options, int putsPerSecond, string tables)
    {
        (_server, _options, _puts) = (server, options, putsPerSecond * options.Seconds);
        _database = new Uri(server.CreateDatabase()).AbsolutePath.Trim('/');
        server.Execute("CREATE TABLE kept (k VARBINARY(64) PRIMARY KEY, rev BIGINT NOT NULL DEFAULT 0, v LONGBLOB NOT NULL);" + tables, _database);
    }

    /// <summary>A put overwrites the row of its key, and that is all: no revisions, no history, nothing to watch.</summary>
    public static SlapBench Overwriting(MariaDbServer server, BenchmarkOptions options) => new(server, options, putsPerSecond: 20_000, "");

    /// <summary>A put takes the next revision, which has no gaps, keeps its version, and overwrites the row of its key: by triggers, in
    /// one statement, which is the least it can be.</summary>
    public static SlapBench WithRevisions(MariaDbServer server, BenchmarkOptions options) => new(
        server, options, putsPerSecond: 2000,
        "CREATE TABLE head (rev BIGINT NOT NULL); INSERT INTO head VALUES (1);"
            + "CREATE TABLE revisions (rev BIGINT PRIMARY KEY, k VARBINARY(64) NOT NULL, v LONGBLOB NOT NULL);"
            + "CREATE TRIGGER takes BEFORE INSERT ON kept FOR EACH ROW UPDATE head SET rev = (@rev := rev + 1);"
            + "CREATE TRIGGER keeps BEFORE INSERT ON kept FOR EACH ROW FOLLOWS takes INSERT INTO revisions VALUES (@rev, NEW.k, NEW.v);"
            + "CREATE TRIGGER names BEFORE INSERT ON kept FOR EACH ROW FOLLOWS keeps SET NEW.rev = @rev");

    /// <returns>Puts in a second; the other figures are not known.</returns>
    public async Task<WrkResult> RunAsync()
    {
        var said = await Subprocess.RunAsync(_server.ClientCommand(
            "mariadb-slap",
            string.Create(CultureInfo.InvariantCulture, $"--concurrency={_options.Connections}"),
            string.Create(CultureInfo.InvariantCulture, $"--number-of-queries={_puts}"),
            $"--create-schema={_database}", "--no-drop", "--csv",
            string.Create(
                CultureInfo.InvariantCulture,
                $"--query=INSERT INTO kept (k, v) VALUES (CONCAT('bench/', FLOOR(RAND() * {_options.Keys})), REPEAT('x', {_options.ValueBytes})) ON DUPLICATE KEY UPDATE rev = VALUES(rev), v = VALUES(v)")));

        // The engine, the kind of load, and the seconds of a run.
        return said.Output.Trim().Split(',') is [_, _, var seconds, ..]
            ? new WrkResult(_puts / double.Parse(seconds, CultureInfo.InvariantCulture))
            : throw new BenchmarkException($"mariadb-slap said nothing of use:{Environment.NewLine}{said}");
    }
}
