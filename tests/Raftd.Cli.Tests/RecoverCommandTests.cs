using Raftd.Testing;
using Raftd.Testing.Disks;

namespace Raftd.Cli.Tests;

/// <summary><c>raftd recover</c>: its words, and what it prints of a member that ran in this process.</summary>
public sealed class RecoverCommandTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Directory_OfAnOnlyVoter_IsShownAndMadeAnewWithoutAFlag()
    {
        var data = _folder.At("data");
        await using (var member = TlsMember.Start("one", "", data))
        {
            await Until.TrueAsync(
                "the member runs", TimeSpan.FromSeconds(60), () => Task.FromResult(member.Log.Contains("Running(", StringComparison.Ordinal)));
            Assert.Equal(ExitCode.DataDirectoryLocked, Run(data));
        }

        Assert.Equal(ExitCode.Ok, Run(data));
        var said = _output.ToString();
        Assert.Contains("  member:          one, ", said, StringComparison.Ordinal);
        Assert.Contains("  last entry:      term ", said, StringComparison.Ordinal);
        Assert.Contains("  members:         one\n", said, StringComparison.Ordinal);
        Assert.Contains("  log:             whole\n", said, StringComparison.Ordinal);
        Assert.Contains("nothing that was acknowledged is lost", said, StringComparison.Ordinal);
        Assert.EndsWith($"raftd recover {data} -to NEW-DIR -id NAME\n", said, StringComparison.Ordinal);
        Assert.False(Path.Exists(_folder.At("new")));

        Assert.Equal(ExitCode.Ok, Run($"{data} -to {_folder.At("new")} -id two"));
        Assert.Contains($"start it:  raftd -id two -haddr HOST:PORT -raddr HOST:PORT {_folder.At("new")}", _output.ToString(), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_folder.At("new"), "member.json")));
        Assert.Equal(ExitCode.DataDirectoryUnusable, Run($"{data} -to {_folder.At("new")}"));
    }

    [Fact]
    public void Directory_ThatIsNone_IsNamed()
    {
        Assert.Equal(ExitCode.DataDirectoryUnusable, Run(_folder.At("none")));
        Assert.Contains($"{_folder.At("none")} is no data directory", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "no data directory was named")]
    [InlineData("-to new", "no data directory was named")]
    [InlineData("a -accept-loss", "nothing is made without -to")]
    [InlineData("a -id two", "nothing is made without -to")]
    [InlineData("a -what", "unknown flag -what")]
    [InlineData("a -to b -bump-revision -1", "-bump-revision -1: must be 0 to")]
    public void Line_ThatCannotBeRead_SaysWhy(string words, string said)
    {
        var line = CommandLine.Parse(["recover", .. Given.Words(words)]);
        Assert.Contains(said, line.Error!.What, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, line.Error.Code);
    }

    [Fact]
    public void Line_IsRead()
    {
        var options = CommandLine.Parse(["recover", .. Given.Words("a b -to new -id n -bump-revision 7 -accept-loss")]).Recovery!;
        Assert.Equal(["a", "b"], options.Directories);
        Assert.Equal(("new", "n", 7L, true), (options.Target, options.Label, options.RaiseRevisionBy, options.AcceptLoss));
        Assert.Equal(Verb.RecoverHelp, CommandLine.Parse(["recover", "-help"]).Verb);
    }

    private ExitCode Run(string words)
    {
        _output.GetStringBuilder().Clear();
        _error.GetStringBuilder().Clear();
        var line = CommandLine.Parse(["recover", .. Given.Words(words)]);
        Assert.Null(line.Error);
        return RecoverCommand.Run(line.Recovery!, _output, _error);
    }
}
