using System.Diagnostics;
using System.Globalization;
using Raftd.Testing.Databases;
using Raftd.Testing.Processes;

namespace Raftd.Benchmarks.Fronts;

/// <summary>What the same database does where each put is a transaction of its own, by pgbench, which costs next to nothing itself: as many
/// clients, values as large, keys as many.</summary>
internal sealed class RowBench : IDisposable
{
    private const string KeyAndValue = "'bench/' || :key, convert_to(repeat('x', :size), 'UTF8')";

    private readonly PostgresServer _server;
    private readonly BenchmarkOptions _options;
    private readonly string _url;
    private readonly string _script = Path.GetTempFileName();

    private RowBench(PostgresServer server, BenchmarkOptions options, string tables, string put)
    {
        (_server, _options, _url) = (server, options, server.CreateDatabase());
        foreach (var statement in tables.Split(';'))
        {
            _server.Query(_url, statement);
        }

        File.WriteAllText(
            _script,
            string.Create(CultureInfo.InvariantCulture, $"\\set key random(1, {options.Keys})\n\\set size {options.ValueBytes}\n") + put + ";\n");
    }

    /// <summary>A put overwrites the row of its key, and that is all: no revisions, no history, nothing to watch.</summary>
    public static RowBench Overwriting(PostgresServer server, BenchmarkOptions options) => new(
        server, options, "CREATE TABLE keys (k TEXT PRIMARY KEY, v BYTEA NOT NULL)",
        $"INSERT INTO keys VALUES ({KeyAndValue}) ON CONFLICT (k) DO UPDATE SET v = EXCLUDED.v");

    /// <summary>A put takes the next revision, which has no gaps, keeps its version, and overwrites the row of its key: in one statement,
    /// which is the least it can be.</summary>
    public static RowBench WithRevisions(PostgresServer server, BenchmarkOptions options) => new(
        server, options,
        "CREATE TABLE head (rev BIGINT NOT NULL); INSERT INTO head VALUES (1);"
            + "CREATE TABLE revisions (rev BIGINT PRIMARY KEY, k TEXT NOT NULL, v BYTEA NOT NULL);"
            + "CREATE TABLE keys (k TEXT PRIMARY KEY, rev BIGINT NOT NULL, v BYTEA NOT NULL)",
        $"WITH h AS (UPDATE head SET rev = rev + 1 RETURNING rev), n AS (SELECT rev, {KeyAndValue} FROM h),"
            + " r AS (INSERT INTO revisions SELECT * FROM n) INSERT INTO keys (rev, k, v) SELECT * FROM n"
            + " ON CONFLICT (k) DO UPDATE SET rev = EXCLUDED.rev, v = EXCLUDED.v");

    /// <returns>Puts in a second, and their mean latency for the median; the other figures are not known.</returns>
    public async Task<WrkResult> RunAsync()
    {
        var uri = new Uri(_url);
        var said = await Subprocess.RunAsync(new ProcessStartInfo(
            PostgresServer.ProgramPath("pgbench"),
            [
                "-n", "-M", "prepared", "-h", uri.Host, "-p", Text(uri.Port), "-U", uri.UserInfo, "-c", Text(_options.Connections),
                "-j", Text(_options.Threads), "-T", Text(_options.Seconds), "-f", _script, uri.AbsolutePath.Trim('/'),
            ]));
        return new WrkResult(Number("tps = "), Number("latency average = "));

        double Number(string name) => said.Output.Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
            ? double.Parse(line[name.Length..].Split(' ')[0], CultureInfo.InvariantCulture)
            : throw new BenchmarkException($"pgbench said nothing of use:{Environment.NewLine}{said}");
    }

    public void Dispose() => File.Delete(_script);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
