using System.Diagnostics;

namespace Raftd.Cluster.Tests.Support;

/// <summary>The program, built once before the first test starts it: by the launcher, or with failpoints.</summary>
internal static class Build
{
    private static readonly Lazy<Task> Once = new(() => RunAsync(Checkout.Launcher));

    private static readonly Lazy<Task> OnceWithFailpoints = new(() => RunAsync(
        "dotnet", "publish", Path.Combine(Checkout.Root, "src/Raftd.Cli"), "-c", "Failpoints", "-o", FailpointsFolder, "-nologo", "-v", "quiet",
        "-nodeReuse:false", "-p:UseSharedCompilation=false", "-p:RunAnalyzers=false"));

    private static string FailpointsFolder => Path.Combine(Checkout.Root, "out", "failpoints");

    public static ValueTask EnsureAsync() => new(Once.Value);

    /// <returns>The command that starts it.</returns>
    public static async Task<string[]> WithFailpointsAsync()
    {
        await OnceWithFailpoints.Value;
        return ["dotnet", Path.Combine(FailpointsFolder, "raftd.dll")];
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false };
        start.Environment["RAFTD_BUILD_ONLY"] = "1";
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} cannot build: exit code {process.ExitCode}");
        }
    }
}
