using System.Diagnostics;
using System.Reflection;

namespace Raftd.Testing.Processes;

/// <summary>A program that has run to its end.</summary>
/// <param name="Code">Its exit code.</param>
/// <param name="Output">What it wrote to stdout.</param>
/// <param name="Error">What it wrote to stderr.</param>
/// <param name="ProcessId">The number that it had.</param>
public sealed record Subprocess(int Code, string Output, string Error, int ProcessId)
{
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromMinutes(10);

    /// <summary>This very program, to be run once more as a victim or a probe.</summary>
    /// <remarks>Not Environment.ProcessPath: where it was started as "dotnet X.dll", that is dotnet.</remarks>
    public static string ThisProgram { get; } =
        Path.Combine(AppContext.BaseDirectory, Assembly.GetEntryAssembly()!.GetName().Name!);

    /// <param name="start">Its streams are redirected here; its input is empty.</param>
    /// <param name="limit">Then it is ended with its children; 10 minutes if nothing is said.</param>
    /// <exception cref="TimeoutException">It did not end in time.</exception>
    /// <exception cref="System.ComponentModel.Win32Exception">There is no such program.</exception>
    public static async Task<Subprocess> RunAsync(ProcessStartInfo start, TimeSpan? limit = null)
    {
        start.UseShellExecute = false;
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var patience = new CancellationTokenSource(limit ?? DefaultLimit);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(patience.Token);
            var error = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return new Subprocess(process.ExitCode, await output, await error, process.Id);
        }
        catch (OperationCanceledException late)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException(
                $"{start.FileName} {string.Join(' ', start.ArgumentList)} did not end within {limit ?? DefaultLimit}", late);
        }
    }

    public override string ToString() => $"exit code {Code}\n{Output}\n{Error}";
}
