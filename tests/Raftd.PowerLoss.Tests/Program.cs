using Raftd.PowerLoss.Tests.Recording;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace Raftd.PowerLoss.Tests;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        if (args is [Recorder.Switch, var workload, var folder, var life])
        {
            return await Workloads.RunAsync(workload, folder, int.Parse(life, System.Globalization.CultureInfo.InvariantCulture));
        }

        return args.Contains("--server")
            ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
            : await ConsoleRunner.Run(args);
    }
}
