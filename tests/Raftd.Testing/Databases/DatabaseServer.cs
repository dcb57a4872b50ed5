using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Raftd.Testing.Disks;
using Raftd.Testing.Processes;

namespace Raftd.Testing.Databases;

/// <summary>A real server of Debian's package with durable settings, on a directory and a port of its own.</summary>
/// <remarks>It refuses to run as root; then it runs as the user that the package has made.</remarks>
public abstract class DatabaseServer : IDatabaseServer
{
    private const int LogLines = 200;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);

    private readonly TemporaryDirectory _directory = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly string _systemUser;
    private readonly string _readyText;
    private Process? _process;
    private bool _isToldToEnd;
    private int _databases;

    /// <param name="systemUser">As whom it runs where this process is root.</param>
    /// <param name="readyText">What it writes once it takes connections.</param>
    private protected DatabaseServer(string systemUser, string readyText)
    {
        (_systemUser, _readyText, Port) = (systemUser, readyText, Ports.Free());
        if (Environment.IsPrivilegedProcess)
        {
            RunProgram("chown", systemUser, _directory.Path);
        }
    }

    public int Port { get; }

    /// <summary>With the socket in it.</summary>
    public string Directory => _directory.Path;

    /// <summary>What it has written last.</summary>
    public string Log => string.Join('\n', _log);

    public string? OwnEnd => _process is { HasExited: true } process && !_isToldToEnd
        ? $"the server of the database has ended by itself, with {process.ExitCode}. It wrote:\n{Log}"
        : null;

    protected string Data => _directory.At("data");

    protected string PortText => Port.ToString(CultureInfo.InvariantCulture);

    public abstract string UrlOf(string database);

    public string CreateDatabase()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test{Interlocked.Increment(ref _databases)}");
        Execute($"CREATE DATABASE {name}");
        return UrlOf(name);
    }

    public string Query(string url, string sql) => Execute(sql, new Uri(url).AbsolutePath.Trim('/'));

    /// <summary>Runs statements as the superuser, each on its own.</summary>
    /// <param name="sql">With semicolons between them.</param>
    /// <param name="database">Null for the one that is always there.</param>
    /// <returns>Their rows, a line each.</returns>
    public abstract string Execute(string sql, string? database = null);

    public abstract void BreakConnections();

    /// <summary>Ends it with all its processes at once, as a loss of the machine would.</summary>
    /// <remarks>They are stopped before, so that they make no more others while they are counted.</remarks>
    public void Kill()
    {
        if (OwnEnd is { } end)
        {
            throw new InvalidOperationException(end);
        }

        if (_process is not { HasExited: false } process)
        {
            return;
        }

        _isToldToEnd = true;
        var all = StopProcesses();
        foreach (var id in all)
        {
            Signals.Send(id, Signal.Kill);
        }

        Wait("its processes are gone", () => !all.Any(ProcessTree.IsAlive));
        WaitForEnd(process, StopLimit);
    }

    /// <summary>Stops it with all its processes: connections stay open and get no answers.</summary>
    public void Pause() => StopProcesses();

    public void Continue()
    {
        foreach (var id in ProcessTree.Of(_process!.Id))
        {
            Signals.Send(id, Signal.Continue);
        }
    }

    /// <summary>Ends it in order.</summary>
    public void Stop()
    {
        if (_process is { HasExited: false } process)
        {
            _isToldToEnd = true;
            Signals.Send(process.Id, StopSignal);
            WaitForEnd(process, StopLimit);
        }
    }

    /// <summary>Starts it on the same directory and port, where it does not run, and waits until it takes connections.</summary>
    public void Restart() => RestartWith();

    /// <param name="settings">Further ones, on its command line.</param>
    public void RestartWith(params string[] settings)
    {
        _log.Clear();
        _process?.Dispose();
        _isToldToEnd = false;
        _process = Process.Start(ServerCommand(settings))!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _process.StandardInput.Close();
        Wait("it takes connections", TakesConnections);
    }

    /// <summary>Writes a file of its directory, which it alone can read.</summary>
    public void Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        RunProgram("chmod", "600", PathOf(name));
        if (Environment.IsPrivilegedProcess)
        {
            RunProgram("chown", $"{_systemUser}:", PathOf(name));
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
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends it at once, but in order.</summary>
    private protected abstract Signal StopSignal { get; }

    private protected abstract ProcessStartInfo ServerCommand(string[] settings);

    /// <summary>Makes the directory of a new server, and starts it.</summary>
    private protected void Begin(Action makeData)
    {
        try
        {
            makeData();
            Restart();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>As the user that the server runs as.</summary>
    /// <param name="path">Of a program.</param>
    /// <param name="arguments">Its own.</param>
    private protected ProcessStartInfo Command(string path, params string[] arguments) => Environment.IsPrivilegedProcess
        ? Redirected("setpriv", ["--reuid", _systemUser, "--regid", _systemUser, "--clear-groups", path, .. arguments])
        : Redirected(path, arguments);

    /// <returns>What it has written, if it ends well.</returns>
    private protected static string Run(ProcessStartInfo command)
    {
        using var process = Process.Start(command)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        WaitForEnd(process, StartLimit);
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException(
                $"{string.Join(' ', [command.FileName, .. command.ArgumentList])} ended with {process.ExitCode}:\n{output}\n{error.Result}");
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

    private static void RunProgram(string program, params string[] arguments) => Run(Redirected(program, arguments));

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
        : _log.Any(line => line.Contains(_readyText, StringComparison.Ordinal));

    private static void WaitForEnd(Process process, TimeSpan limit)
    {
        if (!process.WaitForExit(limit))
        {
            throw new TimeoutException($"{process.ProcessName} did not end within {limit}");
        }
    }
}
