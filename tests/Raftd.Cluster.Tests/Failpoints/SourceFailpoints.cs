using System.Text.RegularExpressions;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests.Failpoints;

/// <summary>The failpoints of the product, as its sources name them.</summary>
internal static partial class SourceFailpoints
{
    public static IEnumerable<string> Names() => Directory
        .EnumerateFiles(Path.Combine(Checkout.Root, "src"), "*.cs", SearchOption.AllDirectories)
        .SelectMany(file => Call().Matches(File.ReadAllText(file)))
        .Select(call => call.Groups["name"].Value);

    [GeneratedRegex("""Failpoint\.Hit\(\s*"(?<name>[^"]+)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Call();
}
