using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Raftd.Testing.Disks;
using Raftd.Testing.Processes;

namespace Raftd.Testing.Databases;

/// <summary>A real server of Debian's package with durable settings, on a directory and a port of its own.</summary>
/// <remarks>It refuses to run as root; then it runs as the user that the package has made.</remarks>
public sealed class PostgresServer : IDatabaseServer
{
    private const string User = "postgres";
    private const int LogLines = 200;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);
    private static readonly string Programs = FindPrograms();

    private readonly TemporaryDirectory _directory = new();
    private readonly ConcurrentQueue<string> _log = new();
    private Process? _process;
    private int _databases;

    private PostgresServer()
    {
        Port = Ports.Free();
        if (Environment.IsPrivilegedProcess)
        {
            RunProgram("chown", User, _directory.Path);
        }
    }

    public int Port { get; }

    /// <summary>With the socket in it.</summary>
    public string Directory => _directory.Path;

    /// <summary>What it has written last.</summary>
    public string Log => string.Join('\n', _log);

    private string Data => _directory.At("data");

    /// <summary>A new server that takes connections.</summary>
    public static PostgresServer Start()
    {
        var server = new PostgresServer();
        try
        {
            server.Run("initdb", "-D", server.Data, "--no-sync", "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C");
            server.Restart();
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    public string UrlOf(string database) =>
        string.Create(CultureInfo.InvariantCulture, $"postgres://{User}@127.0.0.1:{Port}/{database}?sslmode=disable");

    /// <summary>Of a program that came with it.</summary>
    public static string ProgramPath(string name) => Path.Combine(Programs, name);

    /// <summary>Makes an empty database.</summary>
    /// <returns>Its URL.</returns>
    public string CreateDatabase()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test{Interlocked.Increment(ref _databases)}");
        Execute($"CREATE DATABASE {name}");
        return UrlOf(name);
    }

    public string Query(string url, string sql) => Execute(sql, new Uri(url).AbsolutePath.Trim('/'));

    /// <summary>Runs statements as the superuser, each on its own.</summary>
    /// <returns>Their rows, a line each.</returns>
    public string Execute(string sql, string database = User)
    {
        var statements = sql.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return Run("psql", [
            "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", _directory.Path, "-U", User,
            "-p", Port.ToString(CultureInfo.InvariantCulture), "-d", database,
            .. statements.SelectMany(static statement => new[] { "-c", statement })]).Trim();
    }

    /// <summary>Ends it with all its processes at once, as a loss of the machine would.</summary>
    /// <remarks>They are stopped before, so that they make no more others while they are counted.</remarks>
    public void Kill()
    {
        if (_process is not { HasExited: false } process)
        {
            return;
        }

        var all = StopProcesses();
        foreach (var id in all)
        {
            Signals.Send(id, Signal.Kill);
        }

        Wait("its processes are gone", () => !all.Any(ProcessTree.IsAlive));
        WaitForEnd(process, StopLimit);
    }

    /// <summary>Connections stay open and get no answers.</summary>
    public void Pause() => StopProcesses();

    public void Continue()
    {
        foreach (var id in ProcessTree.Of(_process!.Id))
        {
            Signals.Send(id, Signal.Continue);
        }
    }

    public void BreakConnections() => Execute(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");

    /// <summary>Ends it in order.</summary>
    public void Stop()
    {
        if (_process is { HasExited: false } process)
        {
            Signals.Send(process.Id, Signal.Interrupt);
            WaitForEnd(process, StopLimit);
        }
    }

    /// <summary>Starts it on the same directory and port, where it does not run, and waits until it takes connections.</summary>
    public void Restart()
    {
        _log.Clear();
        _process?.Dispose();
        _process = Process.Start(Command("postgres", [
            "-D", Data, "-p", Port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1",
            "-c", $"unix_socket_directories={_directory.Path}", "-c", "max_connections=200"]))!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _process.StandardInput.Close();
        Wait("it takes connections", TakesConnections);
    }

    /// <summary>Has it start as a standby from now on.</summary>
    public void MakeStandby() => Write("standby.signal", "");

    /// <summary>Writes a file of its directory, which it alone can read.</summary>
    public void Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        RunProgram("chmod", "600", PathOf(name));
        if (Environment.IsPrivilegedProcess)
        {
            RunProgram("chown", $"{User}:", PathOf(name));
        }
    }

    /// <summary>Of a file of its directory.</summary>
    public string PathOf(string name) => Path.Combine(Data, name);

    public void Dispose()
    {
        try
        {
            Stop();
        }
        catch (TimeoutException)
        {
            Kill();
        }

        _process?.Dispose();
        _directory.Dispose();
    }

    /// <returns>The ids of all its processes, none of which makes another one now.</returns>
    private IReadOnlyList<int> StopProcesses()
    {
        Signals.Send(_process!.Id, Signal.Stop);
        var all = ProcessTree.Of(_process.Id);
        foreach (var id in all)
        {
            Signals.Send(id, Signal.Stop);
        }

        return all;
    }

    private static string FindPrograms() => System.IO.Directory.Exists("/usr/lib/postgresql")
        ? System.IO.Directory.GetDirectories("/usr/lib/postgresql")
            .Select(static version => Path.Combine(version, "bin"))
            .LastOrDefault(static folder => File.Exists(Path.Combine(folder, "postgres")))
            ?? throw Missing()
        : throw Missing();

    private static InvalidOperationException Missing() =>
        new("there is no server of PostgreSQL here: run 'sudo apt-get install postgresql'");

    private string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(Command(program, arguments))!;
        return Finish(process, program);
    }

    private static void RunProgram(string program, params string[] arguments)
    {
        using var process = Process.Start(Redirected(program, arguments))!;
        Finish(process, program);
    }

    private static string Finish(Process process, string program)
    {
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        WaitForEnd(process, StartLimit);
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} ended with {process.ExitCode}:\n{output}\n{error.Result}");
    }

    private static ProcessStartInfo Command(string program, string[] arguments)
    {
        var path = ProgramPath(program);
        return Environment.IsPrivilegedProcess
            ? Redirected("setpriv", ["--reuid", User, "--regid", User, "--clear-groups", path, .. arguments])
            : Redirected(path, arguments);
    }

    private static ProcessStartInfo Redirected(string program, string[] arguments) => new(program, arguments)
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        WorkingDirectory = "/",
    };

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        _log.Enqueue(line);
        while (_log.Count > LogLines)
        {
            _log.TryDequeue(out _);
        }
    }

    private void Wait(string what, Func<bool> probe)
    {
        var started = Stopwatch.GetTimestamp();
        while (!probe())
        {
            if (Stopwatch.GetElapsedTime(started) > StartLimit)
            {
                throw new TimeoutException($"the server has not come to this: {what}. It wrote:\n{Log}");
            }

            Thread.Sleep(5);
        }
    }

    private bool TakesConnections() => _process!.HasExited
        ? throw new InvalidOperationException($"the server has ended with {_process.ExitCode}. It wrote:\n{Log}")
        : _log.Any(static line => line.Contains("ready to accept", StringComparison.Ordinal));

    private static void WaitForEnd(Process process, TimeSpan limit)
    {
        if (!process.WaitForExit(limit))
        {
            throw new TimeoutException($"{process.ProcessName} did not end within {limit}");
        }
    }
}
