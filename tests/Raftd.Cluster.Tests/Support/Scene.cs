using System.Collections.Concurrent;
using System.Diagnostics;
using Raftd.Testing.Disks;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests.Support;

/// <summary>The folder and the processes of one test, or of several that share a cluster. Nothing of it outlives it.</summary>
internal sealed class Scene : IAsyncDisposable
{
    private const int TailLines = 60;

    // Also ended when the whole run is: by Ctrl-C, or by the time limit of tests/run.sh.
    private static readonly ConcurrentDictionary<int, Process> Running = new();

    // What a script needs to end what it started itself.
    private static readonly TimeSpan ScriptLimit = TimeSpan.FromSeconds(10);

    private readonly List<Process> _processes = [];
    private readonly List<Member> _members = [];
    private readonly Stack<Func<Task>> _undo = new();

    static Scene() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var process in Running.Values)
        {
            End(process);
        }
    };

    public string Folder { get; } = RealDisk.NewFolder("raftd-cluster-");

    public IReadOnlyList<Member> Members => _members;

    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>Done after the processes have ended, the last one first.</summary>
    public void OnEnd(Func<Task> undo) => _undo.Push(undo);

    public Member AddMember(string label, params string[] flags) => AddMember(new Member(this, label, flags));

    public Member AddMember(Member member)
    {
        _members.Add(member);
        return member;
    }

    /// <summary>A process that appends what it says to a file, so that nothing ever waits for a reader.</summary>
    public Process StartLogged(string logPath, string[] words, params (string Name, string Value)[] variables) =>
        Start(new ProcessStartInfo("/bin/bash", ["-c", """exec "$@" >>"$0" 2>&1 </dev/null""", logPath, .. words]), variables);

    /// <summary>A script in a process group of its own, ended as a whole with the scene.</summary>
    public Process StartScript(string logPath, string script, params (string Name, string Value)[] variables) =>
        StartLogged(logPath, ["setsid", "bash", "-c", script], variables);

    /// <summary>Runs a script with bash to its end, in the checkout.</summary>
    public async Task<ShellResult> ShellAsync(string script, params (string Name, string Value)[] variables)
    {
        var process = Start(
            new ProcessStartInfo("setsid", ["bash", "-c", script])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
            },
            variables);
        process.StandardInput.Close();
        using var bytes = new MemoryStream();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        await process.StandardOutput.BaseStream.CopyToAsync(bytes, limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return new ShellResult(process.ExitCode, bytes.ToArray(), await error);
    }

    public void EndGroup(Process process)
    {
        Signals.Send(-process.Id, Signal.Kill);
        process.WaitForExit();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            End(process);
        }

        foreach (var process in _processes)
        {
            await process.WaitForExitAsync();
            Running.TryRemove(process.Id, out _);
            process.Dispose();
        }

        while (_undo.TryPop(out var undo))
        {
            await undo();
        }

        if (Environment.GetEnvironmentVariable("RAFTD_TEST_KEEP") != "1")
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    /// <summary>The ends of all logs, for the report of a failed test; the logs themselves are kept beside the folder.</summary>
    public string KeepLogs()
    {
        var text = new System.Text.StringBuilder();
        var kept = Folder + "-logs";
        Directory.CreateDirectory(kept);
        foreach (var log in Directory.GetFiles(Folder, "*.log").Order(StringComparer.Ordinal))
        {
            File.Copy(log, Path.Combine(kept, Path.GetFileName(log)), overwrite: true);
            text.AppendLine($"--- the end of {Path.Combine(kept, Path.GetFileName(log))}");
            text.AppendJoin('\n', File.ReadLines(log).TakeLast(TailLines)).AppendLine();
        }

        return text.ToString();
    }

    private Process Start(ProcessStartInfo start, (string Name, string Value)[] variables)
    {
        start.UseShellExecute = false;
        start.WorkingDirectory = Checkout.Root;
        start.Environment["RAFTD_NO_BUILD"] = "1";
        foreach (var ours in start.Environment.Keys.Where(name => name.StartsWith("RAFTD_TEST_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(ours);
        }

        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        _processes.Add(process);
        Running[process.Id] = process;
        return process;
    }

    private static void End(Process process)
    {
        if (process.StartInfo.ArgumentList.Contains("./run-cluster.sh"))
        {
            // Its members are in sessions of their own, and it ends them when it is asked to end.
            Signals.Send(process.Id, Signal.Terminate);
            process.WaitForExit(ScriptLimit);
        }

        if (!process.HasExited)
        {
            // A script that runs in a group of its own has children there.
            Signals.Send(-process.Id, Signal.Kill);
            Signals.Send(process.Id, Signal.Kill);
        }
    }
}
