using System.Diagnostics;

namespace Raftd.Mutations;

/// <summary>A program that runs once, with one mutation on, and is ended with its children when its time is up.</summary>
internal sealed class Execution
{
    private readonly ProcessStartInfo _start;
    private readonly List<string> _lines = [];

    /// <param name="program">Looked for in the path.</param>
    /// <param name="arguments">As the program is to see them.</param>
    /// <param name="mutation">Null for none.</param>
    public Execution(string program, IEnumerable<string> arguments, string? mutation)
    {
        _start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _start.Environment[MutantTree.Variable] = mutation;
        _start.Environment["DOTNET_NOLOGO"] = "1";
    }

    /// <summary>What it wrote, both streams; complete once it has run.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    /// <returns>The exit code; null when its time was up.</returns>
    public async Task<int?> RunAsync(TimeSpan limit)
    {
        using var process = new Process { StartInfo = _start };
        process.OutputDataReceived += (_, received) => Keep(received.Data);
        process.ErrorDataReceived += (_, received) => Keep(received.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var timeout = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return null;
        }
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            lock (_lines)
            {
                _lines.Add(line);
            }
        }
    }
}
