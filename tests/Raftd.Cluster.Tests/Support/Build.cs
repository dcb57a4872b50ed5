using System.Diagnostics;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests.Support;

/// <summary>The program, built once before the first test starts it: by the launcher, with failpoints, or of the next level.</summary>
internal static class Build
{
    private static readonly Lazy<Task> Once = new(() => RunAsync(Checkout.Launcher));

    private static readonly Lazy<Task> OnceWithFailpoints = new(() => PublishAsync("Failpoints", FailpointsFolder));

    private static readonly Lazy<Task> OnceOfNextLevel = new(() => PublishAsync("NextLevel", NextLevelFolder, "-p:PublishReadyToRun=false"));

    private static string FailpointsFolder => Path.Combine(Checkout.Root, "out", "failpoints");

    private static string NextLevelFolder => Path.Combine(Checkout.Root, "out", "next-level");

    public static ValueTask EnsureAsync() => new(Once.Value);

    /// <returns>The command that starts it.</returns>
    public static async Task<string[]> WithFailpointsAsync()
    {
        await OnceWithFailpoints.Value;
        return ["dotnet", Path.Combine(FailpointsFolder, "raftd.dll")];
    }

    /// <summary>Knows one feature level more than the product.</summary>
    /// <returns>The command that starts it.</returns>
    public static async Task<string[]> OfNextLevelAsync()
    {
        await OnceOfNextLevel.Value;
        return ["dotnet", Path.Combine(NextLevelFolder, "raftd.dll")];
    }

    /// <remarks>Code that is compiled ahead costs half a minute, and is worth it where members are started again and again.</remarks>
    private static Task PublishAsync(string configuration, string folder, params string[] properties) => RunAsync(
        "dotnet",
        [
            "publish", Path.Combine(Checkout.Root, "src/Raftd.Cli"), "-c", configuration, "-o", folder, "-nologo", "-v", "quiet",
            "-nodeReuse:false", "-p:UseSharedCompilation=false", "-p:RunAnalyzers=false", .. properties,
        ]);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        var build = await Subprocess.RunAsync(
            new ProcessStartInfo(program, arguments) { Environment = { ["RAFTD_BUILD_ONLY"] = "1" } });
        if (build.Code != 0)
        {
            throw new InvalidOperationException($"{program} cannot build: {build}");
        }
    }
}
