using System.Text;

namespace Raftd.PowerLoss.Tests.Replaying;

public sealed class StraceReaderTests
{
    [Fact]
    public void Read_WholeCall_HasItsArgumentsAndResult()
    {
        var happening = Assert.Single(StraceReader.Read(["12  pwrite64(7, \"\\x61\\x28\\x22\", 3, 4096)   = 3"]));

        Assert.True(happening is { Begins: true, Ends: true });
        Assert.Equal(("pwrite64", 12, 3L), (happening.Call.Name, happening.Call.Thread, happening.Call.Result!.Value));
        Assert.Equal("a(\""u8.ToArray(), happening.Call.Arguments[1].Bytes);
        Assert.Equal(4096, happening.Call.Arguments[3].Number);
    }

    [Fact]
    public void Read_CallOfAnotherThreadInBetween_KeepsBeginAndEndApart()
    {
        var events = StraceReader.Read(
        [
            "12 fdatasync(7 <unfinished ...>",
            "13 rename(\"\\x2f\\x61\", \"\\x2f\\x62\") = 0",
            "12 <... fdatasync resumed>)   = 0",
        ]);

        Assert.Equal([(12, true, false), (13, true, true), (12, false, true)], events.Select(e => (e.Call.Thread, e.Begins, e.Ends)));
        Assert.Same(events[0].Call, events[2].Call);
        Assert.Equal("/b", events[1].Call.Arguments[1].Path);
    }

    [Fact]
    public void Read_GatherWrite_HasAllItsBytes()
    {
        var call = StraceReader.Read(
            ["1 writev(5, [{iov_base=\"\\x61\", iov_len=1}, {iov_base=\"\\x62\\x63\", iov_len=2}], 2) = 3"])[0].Call;

        Assert.Equal(3, call.Arguments.Count);
        Assert.Equal("abc", Encoding.ASCII.GetString(call.Arguments[1].Bytes));
    }

    [Fact]
    public void Read_FailedAndKilledCalls_TellsThem()
    {
        var events = StraceReader.Read(
        [
            "1 openat(AT_FDCWD, \"\\x2f\\x61\", O_RDWR|O_DSYNC) = -1 ENOENT (No such file or directory)",
            "1 fdatasync(7)  = ?",
            "1 +++ killed by SIGKILL +++",
        ]);

        Assert.Equal(-1, events[0].Call.Result);
        Assert.True(events[0].Call.Arguments[2].Has("O_DSYNC"));
        Assert.False(events[1].Ends);
        Assert.Equal(2, events.Count);
    }

    [Theory]
    [InlineData("1 pwrite64(7, \"\\x61\"")]
    [InlineData("1 <... pwrite64 resumed>) = 1")]
    public void Read_LineThatIsNoCall_IsAnError(string line) =>
        Assert.Throws<InvalidDataException>(() => StraceReader.Read([line]));

    [Fact]
    public void Read_StringThatWasCut_IsAnError() =>
        Assert.Throws<InvalidDataException>(() => StraceReader.Read(["1 write(7, \"\\x61\"..., 9) = 9"]));
}
