using System.Diagnostics;
using System.Text.RegularExpressions;
using Raftd.Testing.Processes;

namespace Raftd.Conformance.Tests;

public sealed partial class DocumentationTests
{
    /// <summary>Each call of the services in Protos, and each flag that etcd says it has.</summary>
    [Fact]
    public async Task CallsAndFlagsOfEtcd_AreAllInTheTables()
    {
        var page = Checkout.ReadText("docs/etcd-compatibility.md");
        var calls = Directory.GetFiles(Checkout.At("src/Raftd.Api/Protos"), "*.proto")
            .SelectMany(file => Call().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["name"].Value)
            .ToList();
        Assert.InRange(calls.Count, 40, 80);
        Assert.All(calls, call => Assert.Matches($"(?m)^\\| .*[ :]{call}[, ].*\\|$", page));

        var help = await Subprocess.RunAsync(new ProcessStartInfo("etcd", ["--help"]));
        var flags = Flag().Matches(help.Output + help.Error).Select(match => match.Groups["name"].Value).ToList();
        Assert.InRange(flags.Count, 60, 100);
        Assert.All(flags, flag => Assert.Contains($"`{flag}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public void KnownDifferences_AreRowsOfTheTable()
    {
        var page = Checkout.ReadText("docs/etcd-compatibility.md");
        Assert.All(KnownDifferences.Names, name => Assert.Contains($"| {name} |", page, StringComparison.Ordinal));
        var ofFronts = page[page.IndexOf("## Fronts over a database", StringComparison.Ordinal)..];
        Assert.All(KnownDifferences.NamesAtFronts, name => Assert.Contains($"| {name} |", ofFronts, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"rpc (?<name>\w+)\(", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Call();

    [GeneratedRegex(@"(?m)^ +(?<name>--[a-z0-9-]+)", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Flag();
}
