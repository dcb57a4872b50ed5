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
    [InlineData("--cert-file c --key-file k --trusted-ca-file a --client-cert-auth d", "-cert c -key k -client-ca a -client-cert-auth d")]
    [InlineData(
        "--peer-cert-file c --peer-key-file k --peer-trusted-ca-file a --peer-client-cert-auth d",
        "-peer-cert c -peer-key k -peer-ca a -peer-client-cert-auth d")]
    [InlineData("--cert-file=c -key-file k d", "-cert c -key k d")]
    [InlineData(
        "--name n --listen-client-urls http://10.0.0.1:2379 --listen-peer-urls http://10.0.0.1:2380 --data-dir d",
        "-id n -haddr http://10.0.0.1:2379 -raddr http://10.0.0.1:2380 d")]
    [InlineData(
        "--advertise-client-urls http://a:1 --initial-advertise-peer-urls http://a:2 d",
        "-advertise-haddr http://a:1 -advertise-raddr http://a:2 d")]
    public void FlagOfEtcd_IsTheFlagHere(string line, string same)
    {
        var given = CommandLine.Parse(Given.Words(line)).Given;
        Assert.NotEmpty(given);
        Assert.Equivalent(CommandLine.Parse(Given.Words(same)).Given, given, strict: true);
    }

    [Theory]
    [InlineData("cert", "certs server 365 ")]
    [InlineData("cert -out o --name n -days 2 a.example 10.0.0.1 ::1 *.b.example", "o n 2 a.example 10.0.0.1 ::1 *.b.example")]
    public void Cert_OfALine_IsWhatItSays(string line, string expected)
    {
        var parsed = CommandLine.Parse(Given.Words(line));
        var options = parsed.Certificates!;
        Assert.Equal(Verb.Cert, parsed.Verb);
        Assert.Equal(expected, $"{options.Folder} {options.Name} {options.Days} {string.Join(' ', options.Hosts)}");
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
    [InlineData("cert -h", "CertHelp")]
    [InlineData("store", "StoreHelp")]
    [InlineData("store schema -h", "StoreHelp")]
    [InlineData("store schema", "StoreSchema")]
    [InlineData("store schema postgres", "StoreSchema")]
    [InlineData("store schema mysql", "StoreSchema")]
    [InlineData("version", "Version")]
    [InlineData("--version", "Version")]
    [InlineData("serve d", "Serve")]
    [InlineData("", "Serve")]
    public void Parse_AnyLine_TakesTheFirstWordAsVerb(string line, string verb) =>
        Assert.Equal(verb, CommandLine.Parse(Given.Words(line)).Verb.ToString());

    [Theory]
    [InlineData("--data-dir e d", "expected one data directory, got 2: d, e")]
    [InlineData("-x d", "unknown flag -x")]
    [InlineData("--dataDir d", "unknown flag --dataDir")]
    [InlineData("a b", "expected one data directory, got 2: a, b")]
    [InlineData("-id", "'-id'")]
    [InlineData("-id a -id b d", "'-id'")]
    [InlineData("status", "'status' is not a command of this release")]
    [InlineData("store schema oracle", "there is no schema for 'oracle'")]
    [InlineData("store tables", "'raftd store -help' shows how")]
    [InlineData("cert -x", "unknown flag -x")]
    [InlineData("cert -days 0", "-days 0: must be 1 to 3650")]
    [InlineData("cert -days x", "'x'")]
    [InlineData("cert -name ca", "-name 'ca'")]
    [InlineData("cert -name ../a", "-name '../a'")]
    [InlineData("cert a/b", "'a/b' is neither a host name nor an address")]
    [InlineData("get key", "'get' is not a command of this release")]
    public void WrongLine_IsNamed_AndEndsWithUsage(string line, string what)
    {
        var error = CommandLine.Parse(Given.Words(line)).Error;

        Assert.NotNull(error);
        Assert.Equal(ExitCode.Usage, error.Code);
        Assert.Contains(what, error.Line, StringComparison.Ordinal);
    }
}
