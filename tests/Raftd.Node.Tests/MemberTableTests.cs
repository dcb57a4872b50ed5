using Raftd.Contract;
using Raftd.Node.Membership;

namespace Raftd.Node.Tests;

public sealed class MemberTableTests
{
    [Fact]
    public void Decode_WhatWasEncoded_IsTheSame()
    {
        var table = MemberTable.Of([Member(2), Member(1)]);

        var decoded = MemberTable.Decode(table.Encode());

        Assert.Equal(table.Members, decoded.Members);
        Assert.Equal([1UL, 2UL], decoded.Members.Select(member => member.Id));
    }

    [Fact]
    public void Decode_Nothing_IsEmpty() => Assert.Empty(MemberTable.Decode([]).Members);

    [Fact]
    public void With_SameId_Replaces()
    {
        var table = MemberTable.Of([Member(1)]).With(Member(1) with { PeerAddress = "elsewhere:1" });

        Assert.Equal("elsewhere:1", Assert.Single(table.Members).PeerAddress);
        Assert.Empty(table.Without(1).Members);
    }

    [Fact]
    public void FreeGenerator_SomeAreTaken_IsTheSmallestThatIsNot()
    {
        Assert.Equal(0, MemberTable.Empty.FreeGenerator());
        Assert.Equal(1, MemberTable.Of([Member(0), Member(2)]).FreeGenerator());
        var full = MemberTable.Of(Enumerable.Range(0, Bounds.Generator.Most + 1).Select(Member));
        Assert.Equal(-1, full.FreeGenerator());
    }

    private static MemberInfo Member(int number) => new()
    {
        Id = (ulong)number,
        Label = $"node{number}",
        HttpAddress = $"127.0.0.1:{number}",
        PeerAddress = $"127.0.0.1:{1000 + number}",
        Instance = ulong.MaxValue,
        Generator = number,
        PromoteWhenCaughtUp = true,
    };
}
