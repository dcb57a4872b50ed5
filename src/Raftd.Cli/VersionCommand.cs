using System.Runtime.InteropServices;
using Raftd.Node;

namespace Raftd.Cli;

/// <summary><c>raftd version</c></summary>
internal static class VersionCommand
{
    /// <summary>The release, such as <c>0.1.0</c>.</summary>
    public static string Number { get; } =
        typeof(VersionCommand).Assembly.GetName().Version?.ToString(fieldCount: 3) ?? "0.0.0";

    public static ExitCode Run(TextWriter stdout)
    {
        stdout.WriteLine(
            $"raftd {Number}, feature level {RaftdNode.NewestFeatureLevel} "
            + $"({RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier})");
        return ExitCode.Ok;
    }
}
