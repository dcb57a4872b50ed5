using Raftd.Cli.Settings;
using Raftd.Testing.Disks;

namespace Raftd.Cli.Tests;

public sealed class SettingSourcesTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sources_OneSettingInAll_FlagThenVariableThenFileThenDefault()
    {
        var file = _folder.Write("raftd.yaml", "# ours\nid: file\nhaddr: 127.0.0.1:1\nraddr: 127.0.0.1:2\n");
        _environment["RAFTD_ID"] = "variable";
        _environment["RAFTD_HADDR"] = "127.0.0.1:3";
        _environment["RAFTD_QUOTA_BYTES"] = ""; // counts as not set

        var sources = Given.Sources($"-config {file} -id flag d", _environment);

        Assert.Equal(new SettingValue("flag", "flag"), sources[Flags.Id]);
        Assert.Equal(new SettingValue("127.0.0.1:3", "RAFTD_HADDR"), sources[Flags.HttpAddress]);
        Assert.Equal(new SettingValue("127.0.0.1:2", $"{file} line 4"), sources[Flags.RaftAddress]);
        Assert.Equal(new SettingValue("8GiB", "default"), sources[Flags.QuotaBytes]);
        Assert.Empty(sources.Problems);
    }

    [Fact]
    public void Flag_AnyOfThem_HasItsVariable()
    {
        foreach (var flag in Flags.Settings)
        {
            _environment[flag.Variable] = flag.Name;
        }

        var sources = Given.Sources("", _environment);

        Assert.All(Flags.Settings, flag => Assert.Equal(new SettingValue(flag.Name, flag.Variable), sources[flag]));
        Assert.Equal("RAFTD_MAX_VALUE_BYTES", Flags.MaxValueBytes.Variable);
        Assert.Empty(sources.UnknownVariables);
    }

    [Fact]
    public void ConfigFile_MayBeNamedByVariable_AndHoldLists()
    {
        _environment["RAFTD_CONFIG"] = _folder.Write("c.yaml", "join: [a:1, 'b:2']\ndata-dir: /data\nredirect: true\n");

        var (settings, problems) = SettingsReader.Read(Given.Sources("", _environment));

        Assert.Empty(problems);
        Assert.Equal([new HostPort("a", 1), new HostPort("b", 2)], settings.Join);
        Assert.Equal("/data", settings.DataDirectory);
        Assert.True(settings.Redirect);
    }

    [Theory]
    [InlineData("haddrr: x", "line 1: 'haddrr' is not a setting")]
    [InlineData("id: a\nconfig: b", "line 2: 'config' is not a setting")]
    [InlineData("id:", "line 1: 'id' needs one value")]
    [InlineData("id: {a: b}", "line 1: 'id' needs one value")]
    [InlineData("just text", "expected lines of the form")]
    [InlineData("id: a\nid: b", "line 2")]
    [InlineData("id: [a\n", "line 2")] // where the list would have to go on
    public void ConfigFile_WithADefect_IsAProblemThatNamesTheLine(string yaml, string expected)
    {
        var file = _folder.Write("c.yaml", yaml);

        var problem = Assert.Single(Given.Problems($"-config {file} d"));

        Assert.StartsWith($"-config {file}", problem, StringComparison.Ordinal);
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void ConfigFile_ThatIsMissing_IsAProblem() =>
        Assert.Contains("-config /no/such.yaml", Assert.Single(Given.Problems("-config /no/such.yaml d")), StringComparison.Ordinal);

    [Fact]
    public void ConfigFile_ThatIsEmpty_SaysNothing() =>
        Assert.Empty(Given.Problems($"-config {_folder.Write("c.yaml", "# nothing yet\n")} d"));

    [Fact]
    public void UnknownVariables_AreFoundForAWarning_ThoseOfTheScriptsAndOtherCommandsAreNot()
    {
        _environment["RAFTD_HADR"] = "127.0.0.1:1";
        _environment["RAFTD_NO_BUILD"] = "1";
        _environment["RAFTD_DATA"] = "/data";
        _environment["RAFTD_ENDPOINT"] = "http://127.0.0.1:7200";
        _environment["RAFTD_BUCKET"] = "team";
        _environment["PATH"] = "/bin";

        var sources = Given.Sources("d", _environment);

        Assert.Equal(["RAFTD_HADR"], sources.UnknownVariables);
        Assert.Empty(SettingsReader.Read(sources).Problems);
    }

    [Fact]
    public void PrintConfig_ValuesOfAllSources_ShowsEachWithItsOrigin()
    {
        _environment["RAFTD_LOG_LEVEL"] = "warn";

        Assert.Equal(
            """
            id: node01                                   # flag
            haddr: 127.0.0.1:7200                        # default
            raddr: 127.0.0.1:8200                        # default
            join: 'a:1,b:2'                              # flag
            # initial-cluster: not set                   # default
            initial-cluster-state: new                   # default
            # initial-cluster-token: not set             # default
            # bind: not set                              # default
            # advertise-haddr: not set                   # default
            # advertise-raddr: not set                   # default
            # allowed-hosts: not set                     # default
            # cert: not set                              # default
            # key: not set                               # default
            # client-ca: not set                         # default
            # client-cert-auth: not set                  # default
            # join-ca: not set                           # default
            # peer-cert: not set                         # default
            # peer-key: not set                          # default
            # peer-ca: not set                           # default
            # peer-client-cert-auth: not set             # default
            redirect: true                               # flag
            max-value-bytes: 32MiB                       # default
            cache-bytes: 256MiB                          # default
            request-timeout: 5s                          # default
            election-timeout: 1s                         # default
            heartbeat-interval: 100ms                    # default
            quota-bytes: 8GiB                            # default
            max-lease-keys: 100000                       # default
            wal-segment-bytes: 64MiB                     # default
            wal-retention-bytes: 128MiB                  # default
            # max-pinned-log-bytes: not set              # default
            flush-interval: 100ms                        # default
            flush-bytes: 16MiB                           # default
            # backup-dir: not set                        # default
            backup-interval: 1h                          # default
            backup-keep: 24                              # default
            log-format: text                             # default
            log-level: warn                              # RAFTD_LOG_LEVEL
            # store: not set                             # default
            # store-password-file: not set               # default
            # store-password: not set                    # default
            data-dir: /var/lib/raftd                     # flag

            """,
            Print(Given.Sources("-id node01 -join a:1,b:2 -redirect /var/lib/raftd", _environment)));
    }

    [Fact]
    public void PrintConfig_UsedAsAFile_GivesTheSameSettings()
    {
        var sources = Given.Sources("-id it's#1 -haddr [::1]:7200 -join a:1,b:2 -bind 7 -log-format json -allowed-hosts *.a.b,c.d /d");
        var file = _folder.Write("printed.yaml", Print(sources));

        var again = Given.Sources($"-config {file}");

        Assert.All(Flags.Settings, flag => Assert.Equal(sources[flag].Text, again[flag].Text));
    }

    [Theory]
    [InlineData("RAFTD_STORE", "postgres://u:p4ss@db:5433/d?sslmode=require", "store: 'postgres://u@db:5433/d?sslmode=require'")]
    [InlineData("RAFTD_STORE", "postgres://u:p4ss%40@[::1]/d", "store: 'postgres://u@[::1]/d'")]
    [InlineData("RAFTD_STORE", "postgres://u:p4/ss@db/d", "# store: set, not shown")]
    [InlineData("RAFTD_STORE", "postgres://u:@p4/ss@db/d", "# store: set, not shown")]
    [InlineData("RAFTD_STORE_PASSWORD", "p4ss", "# store-password: set, not shown")]
    public void PrintConfig_APassword_IsNotShown(string variable, string value, string expected)
    {
        _environment[variable] = value;

        var printed = Print(Given.Sources("", _environment));

        Assert.Contains($"\n{expected} ", printed, StringComparison.Ordinal);
        Assert.DoesNotContain("p4", printed, StringComparison.Ordinal);
    }

    private static string Print(SettingSources sources)
    {
        var text = new StringWriter { NewLine = "\n" };
        ConfigPrinter.Print(text, sources);
        return text.ToString();
    }
}
