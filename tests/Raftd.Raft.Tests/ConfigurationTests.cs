namespace Raftd.Raft.Tests;

public sealed class ConfigurationTests
{
    private static readonly Configuration Sample = new([new(3), new(1), new(2)], [new(9), new(7)], new byte[] { 5, 6 });

    [Fact]
    public void Constructor_AnyOrder_SortsAndDropsDuplicates()
    {
        var configuration = new Configuration([new(3), new(1), new(3)], [new(9), new(7)]);
        Assert.Equal("(1 3) learners (7 9)", configuration.ToString());
    }

    [Fact]
    public void Encode_ThenDecode_GivesTheSame()
    {
        Assert.True(Configuration.TryDecode(Sample.Encode(), out var decoded));
        Assert.Equal(Sample.ToString(), decoded.ToString());
        Assert.Equal(Sample.Context.ToArray(), decoded.Context.ToArray());
        Assert.Equal(Sample.Encode(), decoded.Encode());
    }

    [Fact]
    public void TryDecode_EveryPrefixAndOneByteMore_IsRefused()
    {
        var bytes = Sample.Encode();
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.False(Configuration.TryDecode(bytes.AsSpan(0, length), out _));
        }

        Assert.False(Configuration.TryDecode([.. bytes, 0], out _));
    }

    [Fact]
    public void TryDecode_EveryFlippedBit_IsRefusedOrGivesThoseVeryBytesBack()
    {
        var bytes = Sample.Encode();
        for (var bit = 0; bit < 8 * bytes.Length; bit++)
        {
            var flipped = (byte[])bytes.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            if (Configuration.TryDecode(flipped, out var decoded))
            {
                Assert.Equal(flipped, decoded.Encode());
            }
        }
    }

    [Fact]
    public void IsValid_NoVotersOrVoterAndLearnerAtOnce_False()
    {
        Assert.True(Sample.IsValid);
        Assert.False(Configuration.Empty.IsValid);
        Assert.False(new Configuration([new(1)], [new(1)]).IsValid);
        Assert.False(new Configuration([NodeId.None], []).IsValid);
    }

    [Fact]
    public void VoterDifference_OneAddedAndOneRemoved_CountsBoth()
    {
        Assert.Equal(0, Sample.VoterDifference(new Configuration([new(1), new(2), new(3)], [])));
        Assert.Equal(1, Sample.VoterDifference(new Configuration([new(1), new(2)], [new(3)])));
        Assert.Equal(2, Sample.VoterDifference(new Configuration([new(1), new(2), new(4)], [])));
    }

    [Fact]
    public void History_Committed_IsTheNewestThatNoTruncationTakesBack()
    {
        var first = new Configuration([new(1)], []);
        var second = new Configuration([new(1)], [new(2)]);
        var third = new Configuration([new(1), new(2)], []);
        var history = new ConfigurationHistory(1, first);
        history.Add(5, second);
        history.Add(9, third);
        Assert.Same(first, history.Committed(4).Configuration);
        Assert.Same(second, history.Committed(5).Configuration);
        Assert.Same(second, history.Committed(8).Configuration);
        Assert.Same(third, history.Committed(9).Configuration);

        history.TruncateFrom(9);
        Assert.Same(second, history.Committed(9).Configuration);
        history.SettleUpTo(7);
        Assert.Same(second, history.Committed(7).Configuration);
    }
}
