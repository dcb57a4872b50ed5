using Raftd.Api.Rest;

namespace Raftd.Api.Tests;

public sealed class KeyRangesTests
{
    /// <summary>The lowest key above all that have the prefix; one zero byte stands for the end of the keyspace.</summary>
    [Theory]
    [InlineData("61", "62")]
    [InlineData("6162", "6163")]
    [InlineData("00", "01")]
    [InlineData("61FF", "62")]
    [InlineData("61FFFF", "62")]
    [InlineData("FEFF", "FF")]
    [InlineData("FF", "00")]
    [InlineData("FFFF", "00")]
    public void EndOfPrefix_OfAnyPrefix_IsTheLowestKeyAboveAllThatHaveIt(string prefix, string end) =>
        Assert.Equal(end, Convert.ToHexString(KeyRanges.EndOfPrefix(Convert.FromHexString(prefix))));
}
