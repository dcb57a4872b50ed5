using Raftd.Testing;
using Raftd.Testing.Disks;
using Raftd.Testing.Processes;

namespace Raftd.Cli.Tests;

/// <summary><c>raftd member</c>, with two members in this process. RecoverDrillTests replaces one of three real ones.</summary>
public sealed class MemberCommandTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Members_AreListed_AndRemoved_AndOneThatAnswersIsNotReplaced()
    {
        await using var one = TlsMember.Start("one", "", _folder.At("one"));
        await using var two = TlsMember.Start("two", $"-join {one.Address}", _folder.At("two"));
        var at = $"-endpoint http://{one.Address}";
        await Until.TrueAsync(
            "both vote",
            TimeSpan.FromSeconds(60),
            async () => await RunAsync($"list {at}") == ExitCode.Ok && Rows().Count(static row => row[1] is "voter" or "leader" && row[2] == "ready") == 2);
        Assert.Equal("LABEL ROLE STATE CLIENTS PEERS ID", string.Join(' ', Rows()[0]));
        Assert.Equal($"one {one.Address} {one.PeerAddress}", string.Join(' ', Rows()[1][0], Rows()[1][3], Rows()[1][4]));
        Assert.Equal($"two {two.Address} {two.PeerAddress}", string.Join(' ', Rows()[2][0], Rows()[2][3], Rows()[2][4]));
        var second = Rows()[2][5];

        Assert.Equal(ExitCode.StartFailed, await RunAsync($"replace two three {at}"));
        Assert.Contains("two still answers, and nothing was changed", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCode.StartFailed, await RunAsync($"replace two one {at}"));
        Assert.Contains("one is another member", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCode.StartFailed, await RunAsync($"remove three {at}"));
        Assert.Contains("there is no member three", _error.ToString(), StringComparison.Ordinal);

        Assert.Equal(ExitCode.Ok, await RunAsync($"remove {second} {at}"));
        Assert.Equal($"removed two, {second}\n", _output.ToString());
        Assert.Equal(ExitCode.Ok, await RunAsync($"list {at}"));
        Assert.Equal("one", Assert.Single(Rows()[1..])[0]);
        Assert.Equal(ExitCode.StartFailed, await RunAsync($"remove one {at}"));
        Assert.Contains("the only voting member cannot be removed", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endpoint_ThatIsSilent_IsNamed()
    {
        var port = Ports.Free();
        Assert.Equal(ExitCode.StartFailed, await RunAsync($"list -endpoint http://127.0.0.1:{port}"));
        Assert.Contains($"http://127.0.0.1:{port}/ does not answer", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "Required command was not provided")]
    [InlineData("remove", "Required argument 'member' missing")]
    [InlineData("replace one", "Required argument 'new-id' missing")]
    [InlineData("list -endpoint nowhere", "-endpoint nowhere: is no URL")]
    [InlineData("list -cert c", "-cert and -key go together")]
    [InlineData("remove -what", "unknown flag -what")]
    [InlineData("replace one -what", "unknown flag -what")]
    public void Line_ThatCannotBeRead_SaysWhy(string words, string said)
    {
        var line = CommandLine.Parse(["member", .. Given.Words(words)]);
        Assert.Contains(said, line.Error!.What, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, line.Error.Code);
    }

    [Theory]
    [InlineData("-help")]
    [InlineData("replace -h")]
    public void Help_InAnyPlace_IsHelp(string words) =>
        Assert.Equal(Verb.MemberHelp, CommandLine.Parse(["member", .. Given.Words(words)]).Verb);

    private string[][] Rows() => [.. _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Given.Words)];

    private Task<ExitCode> RunAsync(string words)
    {
        _output.GetStringBuilder().Clear();
        _error.GetStringBuilder().Clear();
        var line = CommandLine.Parse(["member", .. Given.Words(words)]);
        Assert.Null(line.Error);
        return MemberCommand.RunAsync(line.Members!, _output, _error);
    }
}
