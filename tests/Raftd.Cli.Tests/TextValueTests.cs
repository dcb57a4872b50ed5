using Raftd.Cli.Settings;

namespace Raftd.Cli.Tests;

public sealed class TextValueTests
{
    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("10s", 10_000)]
    [InlineData("1m", 60_000)]
    [InlineData("2h", 7_200_000)]
    [InlineData("1m30s", 90_000)]
    [InlineData("1.5s", 1_500)]
    [InlineData("0s", 0)]
    public void Duration_WithAUnit_IsRead(string text, int milliseconds)
    {
        Assert.True(DurationText.TryParse(text, out var value));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("1 s")]
    [InlineData("1d")]
    [InlineData("1s ")]
    [InlineData("1..5s")]
    [InlineData("99999999999h")]
    [InlineData("20000h")]
    public void Duration_ThatIsNone_IsRefused(string text) => Assert.False(DurationText.TryParse(text, out _));

    [Theory]
    [InlineData(500, "500ms")]
    [InlineData(1500, "1500ms")]
    [InlineData(90_000, "90s")]
    [InlineData(3_600_000, "1h")]
    public void Duration_Printed_HasItsLargestWholeUnit(int milliseconds, string text) =>
        Assert.Equal(text, DurationText.Format(TimeSpan.FromMilliseconds(milliseconds)));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("4096", 4096)]
    [InlineData("4096B", 4096)]
    [InlineData("64KiB", 65536)]
    [InlineData("64kib", 65536)]
    [InlineData("64 MiB", 67108864)]
    [InlineData("8GiB", 8589934592)]
    [InlineData("1TiB", 1099511627776)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void Size_WithAUnit_IsRead(string text, long bytes)
    {
        Assert.True(SizeText.TryParse(text, out var value));
        Assert.Equal(bytes, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("MiB")]
    [InlineData("1MB")]
    [InlineData("1M")]
    [InlineData("-1")]
    [InlineData("1.5GiB")]
    [InlineData("9223372036854775807KiB")]
    public void Size_ThatIsNone_IsRefused(string text) => Assert.False(SizeText.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1000, "1000")]
    [InlineData(1536, "1536")]
    [InlineData(33554432, "32MiB")]
    public void Size_Printed_HasItsLargestWholeUnit(long bytes, string text) => Assert.Equal(text, SizeText.Format(bytes));

    [Theory]
    [InlineData("127.0.0.1:8001", "127.0.0.1", 8001)]
    [InlineData("db-1.example:1", "db-1.example", 1)]
    [InlineData("[::1]:7200", "::1", 7200)]
    [InlineData("[::]:7200", "::", 7200)]
    [InlineData(":65535", "", 65535)]
    public void HostPort_IsRead_AndWrittenAgain(string text, string host, int port)
    {
        Assert.True(HostPort.TryParse(text, out var value));
        Assert.Equal(new HostPort(host, port), value);
        Assert.Equal(text, value.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("8001")]
    [InlineData("a:")]
    [InlineData("a:0")]
    [InlineData("a:65536")]
    [InlineData("a:+1")]
    [InlineData("::1:7200")]
    [InlineData("[::1]")]
    [InlineData("[127.0.0.1]:1")]
    [InlineData("ftp://a:1")]
    [InlineData("http://a:1/path")]
    [InlineData("http://a")]
    [InlineData("a b:1")]
    public void HostPort_ThatIsNone_IsRefused(string text) => Assert.False(HostPort.TryParse(text, out _));

    [Theory]
    [InlineData(":1", true, false)]
    [InlineData("0.0.0.0:1", true, false)]
    [InlineData("[::]:1", true, false)]
    [InlineData("127.0.0.1:1", false, true)]
    [InlineData("[::1]:1", false, true)]
    [InlineData("localhost:1", false, true)]
    [InlineData("10.0.0.1:1", false, false)]
    public void HostPort_OfAnyForm_KnowsWhoCanReachIt(string text, bool any, bool loopback)
    {
        Assert.True(HostPort.TryParse(text, out var value));
        Assert.Equal(any, value.IsAny);
        Assert.Equal(loopback, value.IsLoopback);
    }
}
