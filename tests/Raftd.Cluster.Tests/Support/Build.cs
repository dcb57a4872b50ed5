using System.Diagnostics;

namespace Raftd.Cluster.Tests.Support;

/// <summary>The program, built once by the launcher before the first test starts it.</summary>
internal static class Build
{
    private static readonly Lazy<Task> Once = new(BuildAsync);

    public static ValueTask EnsureAsync() => new(Once.Value);

    private static async Task BuildAsync()
    {
        var start = new ProcessStartInfo(Checkout.Launcher) { UseShellExecute = false };
        start.Environment["RAFTD_BUILD_ONLY"] = "1";
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"./raftd cannot be built: exit code {process.ExitCode}");
        }
    }
}
