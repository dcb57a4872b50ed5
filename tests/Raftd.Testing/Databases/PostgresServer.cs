using System.Diagnostics;
using System.Globalization;
using Raftd.Testing.Processes;

namespace Raftd.Testing.Databases;

/// <summary>PostgreSQL.</summary>
public sealed class PostgresServer : DatabaseServer
{
    private const string User = "postgres";
    private static readonly string Programs = FindPrograms();

    private PostgresServer()
        : base(User, "ready to accept")
    {
    }

    private protected override Signal StopSignal => Signal.Interrupt;

    /// <summary>A new server that takes connections.</summary>
    public static PostgresServer Start()
    {
        var server = new PostgresServer();
        server.Begin(() => Run(server.Command(
            ProgramPath("initdb"), "-D", server.Data, "--no-sync", "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C")));
        return server;
    }

    public override string UrlOf(string database) =>
        string.Create(CultureInfo.InvariantCulture, $"postgres://{User}@127.0.0.1:{Port}/{database}?sslmode=disable");

    public override string Execute(string sql, string? database = null)
    {
        var statements = sql.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return Run(Command(ProgramPath("psql"), [
            "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", Directory, "-U", User, "-p", PortText, "-d", database ?? User,
            .. statements.SelectMany(static statement => new[] { "-c", statement })])).Trim();
    }

    /// <summary>Of a program that came with it.</summary>
    public static string ProgramPath(string name) => Path.Combine(Programs, name);

    public override void BreakConnections() => Execute(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");

    /// <summary>Has it start as a standby from now on.</summary>
    public void MakeStandby() => Write("standby.signal", "");

    private protected override ProcessStartInfo ServerCommand(string[] settings) => Command(ProgramPath("postgres"), [
        "-D", Data, "-p", PortText, "-c", "listen_addresses=127.0.0.1", "-c", $"unix_socket_directories={Directory}",
        "-c", "max_connections=200", .. settings.SelectMany(static setting => new[] { "-c", setting })]);

    private static string FindPrograms() => System.IO.Directory.Exists("/usr/lib/postgresql")
        ? System.IO.Directory.GetDirectories("/usr/lib/postgresql")
            .Select(static version => Path.Combine(version, "bin"))
            .LastOrDefault(static folder => File.Exists(Path.Combine(folder, "postgres")))
            ?? throw Missing()
        : throw Missing();

    private static InvalidOperationException Missing() =>
        new("there is no server of PostgreSQL here: run 'sudo apt-get install postgresql'");
}
