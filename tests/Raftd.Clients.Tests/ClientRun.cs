using System.Diagnostics;
using System.Text;
using Raftd.Testing.Processes;

namespace Raftd.Clients.Tests;

/// <summary>One run of a client program against servers. Where it says so, members are killed and started while it goes on.</summary>
internal sealed class ClientRun
{
    // Each case has a limit of its own; this one is for a program that does not keep them.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private readonly StringBuilder _output = new();
    private readonly List<string> _passed = [];
    private readonly List<string> _failed = [];

    private ClientRun()
    {
    }

    public int ExitCode { get; private set; }

    /// <summary>What it has asked for and got: deaths and starts.</summary>
    public int Requests { get; private set; }

    /// <summary>The cases that it says are "ok".</summary>
    public IReadOnlyList<string> Passed => _passed;

    /// <summary>The cases that it says have failed, each with the first line of why.</summary>
    public IReadOnlyList<string> Failed => _failed;

    /// <summary>All that it wrote.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public static async Task<ClientRun> RunAsync(ClientProgram program, ClientServers servers, params IEnumerable<string> cases)
    {
        await program.ReadyAsync();
        var run = new ClientRun();
        var start = new ProcessStartInfo(program.Command[0], [.. program.Command[1..], .. cases])
        {
            WorkingDirectory = Checkout.Root,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in servers.Variables)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        try
        {
            await Task.WhenAll(run.AnswerAsync(process, servers), run.NoteErrorsAsync(process), process.WaitForExitAsync()).WaitAsync(Limit);
        }
        catch (TimeoutException late)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program.Client} was ended after {Limit}; it wrote:\n{run.Output}", late);
        }

        run.ExitCode = process.ExitCode;
        return run;
    }

    private static Func<ClientServers, Task>? RequestIn(string line) => line switch
    {
        "kill the leader" => static servers => servers.KillLeaderAsync(),
        "kill the majority" => static servers => servers.KillMajorityAsync(),
        "start the killed" => static servers => servers.ReadyAsync(),
        _ => null,
    };

    /// <remarks>A leader that cannot be killed leaves the program waiting, until its end of input ends it.</remarks>
    private async Task AnswerAsync(Process process, ClientServers servers)
    {
        using var answers = process.StandardInput;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            Note(line);
            if (RequestIn(line) is { } request)
            {
                await request(servers);
                Requests++;
                await answers.WriteLineAsync("done");
                await answers.FlushAsync();
            }
            else if (line.StartsWith("ok ", StringComparison.Ordinal))
            {
                _passed.Add(line[3..]);
            }
            else if (line.StartsWith("failed ", StringComparison.Ordinal))
            {
                _failed.Add(line[7..]);
            }
        }
    }

    private async Task NoteErrorsAsync(Process process)
    {
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            Note(line);
        }
    }

    private void Note(string line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
