using System.Diagnostics;
using System.Globalization;
using Raftd.Testing.Processes;

namespace Raftd.Testing.Databases;

/// <summary>MariaDB.</summary>
public sealed class MariaDbServer : DatabaseServer
{
    private const string SystemUser = "mysql";
    private const string Superuser = "root";

    private static readonly string Server = File.Exists("/usr/sbin/mariadbd")
        ? "/usr/sbin/mariadbd"
        : throw new InvalidOperationException("there is no server of MariaDB here: run 'sudo apt-get install mariadb-server'");

    private MariaDbServer()
        : base(SystemUser, "ready for connections")
    {
    }

    public string Socket => Path.Combine(Directory, "socket");

    private protected override Signal StopSignal => Signal.Terminate;

    /// <summary>A new server that takes connections.</summary>
    public static MariaDbServer Start()
    {
        var server = new MariaDbServer();
        server.Begin(() => Run(server.Command(
            "mariadb-install-db", "--no-defaults", $"--datadir={server.Data}", "--auth-root-authentication-method=normal",
            "--skip-test-db", "--skip-name-resolve", $"--tmpdir={server.Directory}", LogSize)));
        return server;
    }

    public override string UrlOf(string database) =>
        string.Create(CultureInfo.InvariantCulture, $"mysql://{Superuser}@127.0.0.1:{Port}/{database}?sslmode=disable");

    public override string Execute(string sql, string? database = null) =>
        Run(ClientCommand("mariadb", "--batch", "--skip-column-names", "--execute", sql, database ?? "mysql")).Trim();

    /// <summary>A program of its clients, as the superuser.</summary>
    /// <param name="program">Of the package.</param>
    /// <param name="arguments">Behind those that say where the server is.</param>
    public ProcessStartInfo ClientCommand(string program, params string[] arguments) =>
        Command(program, ["--no-defaults", $"--user={Superuser}", $"--socket={Socket}", .. arguments]);

    public override void BreakConnections()
    {
        var all = Execute("SELECT id FROM information_schema.processlist WHERE command <> 'Daemon' AND id <> CONNECTION_ID()");
        foreach (var id in all.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                Execute($"KILL {id}");
            }
            catch (InvalidOperationException failure) when (failure.Message.Contains("Unknown thread id", StringComparison.Ordinal))
            {
                // It has ended by itself meanwhile.
            }
        }
    }

    private protected override ProcessStartInfo ServerCommand(string[] settings) => Command(Server, [
        "--no-defaults", $"--datadir={Data}", $"--socket={Socket}", $"--port={PortText}", "--bind-address=127.0.0.1",
        "--skip-name-resolve", "--max-connections=200", $"--pid-file={PathOf("pid")}", $"--tmpdir={Directory}", LogSize, "--log-bin=binlog", "--sync-binlog=1",
        "--innodb-flush-log-at-trx-commit=1", .. settings]);

    // The least: each server writes so much when it is made.
    private const string LogSize = "--innodb-log-file-size=16M";
}
