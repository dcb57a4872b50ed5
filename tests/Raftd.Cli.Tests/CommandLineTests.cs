using Raftd.Cli.Settings;

namespace Raftd.Cli.Tests;

public sealed class CommandLineTests
{
    // The lines of the Go raftd, which must work unchanged; the shell expands ~ before we see it.
    [Theory]
    [InlineData("-id node01 -haddr 127.0.0.1:8001 -raddr 127.0.0.1:8101 /home/me/.raftd01", "node01", 8001, 8101, "")]
    [InlineData(
        "-id node02 -haddr 127.0.0.1:8002 -raddr 127.0.0.1:8102 -join 127.0.0.1:8001 /home/me/.raftd02",
        "node02", 8002, 8102, "127.0.0.1:8001")]
    [InlineData(
        "-id node03 -haddr 127.0.0.1:8003 -raddr 127.0.0.1:8103 -join 127.0.0.1:8001 /home/me/.raftd03",
        "node03", 8003, 8103, "127.0.0.1:8001")]
    public void OriginalLine_IsRead_AsItAlwaysWas(string line, string id, int httpPort, int raftPort, string join)
    {
        var settings = Given.Settings(line);

        Assert.Equal(id, settings.Id);
        Assert.Equal(new HostPort("127.0.0.1", httpPort), settings.HttpAddress);
        Assert.Equal(new HostPort("127.0.0.1", raftPort), settings.RaftAddress);
        Assert.Equal(join, string.Join(',', settings.Join));
        Assert.Equal("/home/me/.raft" + "d" + id[4..], settings.DataDirectory);
    }

    [Theory]
    [InlineData("-{0} {1} d")]
    [InlineData("--{0} {1} d")]
    [InlineData("-{0}={1} d")]
    [InlineData("--{0}={1} d")]
    [InlineData("d -{0} {1}")]
    [InlineData("serve -{0} {1} d")]
    public void EveryFlag_InEverySpelling_IsTheSame(string form)
    {
        foreach (var flag in Flags.Settings.Where(flag => !flag.IsPositional && !flag.IsSwitch))
        {
            var line = CommandLine.Parse(Given.Words(string.Format(null, form, flag.Name, "value")));

            Assert.Null(line.Error);
            Assert.Equal("value", line.Given[flag]);
            Assert.Equal("d", line.Given[Flags.DataDirectory]);
        }
    }

    [Theory]
    [InlineData("-redirect d", true)]
    [InlineData("--redirect d", true)]
    [InlineData("-redirect=false d", false)]
    [InlineData("d", false)]
    public void Parse_SwitchBeforeAWord_TakesNoWord(string line, bool redirect)
    {
        var settings = Given.Settings(line);

        Assert.Equal(redirect, settings.Redirect);
        Assert.Equal("d", settings.DataDirectory);
    }

    [Theory]
    [InlineData("/var/lib/raftd")] // the library drops a first word named like the program
    [InlineData("raftd")]
    [InlineData("./status")]
    [InlineData("@file")]
    [InlineData("serve serve")]
    [InlineData("serve version")]
    public void DataDirectory_WithATrickyName_IsKept(string line) =>
        Assert.Equal(Given.Words(line)[^1], Given.Settings(line).DataDirectory);

    [Theory]
    [InlineData("help", "Help")]
    [InlineData("-h", "Help")]
    [InlineData("-help", "Help")]
    [InlineData("--help", "Help")]
    [InlineData("-id a -h", "Help")]
    [InlineData("serve --help", "Help")]
    [InlineData("version", "Version")]
    [InlineData("--version", "Version")]
    [InlineData("serve d", "Serve")]
    [InlineData("", "Serve")]
    public void Parse_AnyLine_TakesTheFirstWordAsVerb(string line, string verb) =>
        Assert.Equal(verb, CommandLine.Parse(Given.Words(line)).Verb.ToString());

    [Theory]
    [InlineData("-x d", "unknown flag -x")]
    [InlineData("--dataDir d", "unknown flag --dataDir")]
    [InlineData("a b", "expected one data directory, got 2: a, b")]
    [InlineData("-id", "'-id'")]
    [InlineData("-id a -id b d", "'-id'")]
    [InlineData("status", "'status' is not a command of this release")]
    [InlineData("get key", "'get' is not a command of this release")]
    public void WrongLine_IsNamed_AndEndsWithUsage(string line, string what)
    {
        var error = CommandLine.Parse(Given.Words(line)).Error;

        Assert.NotNull(error);
        Assert.Equal(ExitCode.Usage, error.Code);
        Assert.Contains(what, error.Line, StringComparison.Ordinal);
    }
}
