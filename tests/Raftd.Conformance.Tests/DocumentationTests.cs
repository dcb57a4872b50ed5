using Raftd.Testing.Processes;

namespace Raftd.Conformance.Tests;

public sealed class DocumentationTests
{
    [Fact]
    public void KnownDifferences_AreRowsOfTheTable()
    {
        var page = Checkout.ReadText("docs/etcd-compatibility.md");
        Assert.All(KnownDifferences.Names, name => Assert.Contains($"| {name} |", page, StringComparison.Ordinal));
    }
}
