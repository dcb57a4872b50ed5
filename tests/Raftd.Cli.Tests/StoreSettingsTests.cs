using Raftd.Cli.Settings;
using Raftd.Testing.Disks;

namespace Raftd.Cli.Tests;

/// <summary>What makes a front of the process, and how it is refused. No message has a password in it.</summary>
public sealed class StoreSettingsTests : IDisposable
{
    private const string Url = "postgres://u@db/d";

    private readonly TemporaryDirectory _folder = new();
    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Store_ByItself_NeedsNoDirectory_AndTakesTheFlagsOfClients()
    {
        var settings = Given.Settings(
            $"-store {Url} -haddr :8200 -id f1 -bind 7 -quota-bytes 1GiB -request-timeout 2s -max-lease-keys 9 -max-value-bytes 1MiB"
            + " -allowed-hosts * -redirect -cert c -key k -client-ca a -advertise-haddr h:1");

        Assert.Equal("postgres://u@db:5432/d", settings.Store!.Target!.ToString());
        Assert.False(settings.Store.Target.HasPassword);
        Assert.Equal("", settings.DataDirectory);
    }

    [Theory]
    [InlineData("-store postgres://u:p4ss@db/d", "-store postgres://u@db:5432/d: 'ps' shows a password of the command line")]
    [InlineData($"-store {Url} -store-password p4ss", "-store-password: 'ps' shows a password of the command line")]
    [InlineData("-store postgres://u:p4/ss@db/d", "-store: the URL names no user")]
    [InlineData("-store postgres://u:@p4/ss@db/d", "-store: the URL has an @ behind the host")]
    [InlineData("-store postgres://u:@p4?ss@db/d", "-store: the URL has an @ behind the host")]
    [InlineData("-store mysql://u:p4ss@db/d", "-store mysql://u@db:3306/d: 'ps' shows a password of the command line")]
    [InlineData("-store db", "-store: not the URL of a database: expected postgres://user@host/database")]
    [InlineData($"-store {Url} d", "-store: makes this process a front without data of its own; leave out what is for members alone: <data-dir>")]
    [InlineData($"-store {Url} -join a:1 -flush-bytes 1MiB", "for members alone: -join, -flush-bytes")]
    [InlineData("-store-password-file f d", "-store-password-file: needs -store beside it")]
    [InlineData("-store-password p4ss d", "-store-password: needs -store beside it")]
    public void Store_WrongOnTheCommandLine_IsOneProblem(string line, string expected)
    {
        var problem = Assert.Single(Given.Problems(line));

        Assert.Contains(expected, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("p4", problem, StringComparison.Ordinal);
    }

    /// <summary>The default address is none: no other machine reaches it, and a second front on this one could not have it.</summary>
    [Theory]
    [InlineData("", false)]
    [InlineData("-raddr 127.0.0.1:8300 -peer-cert c -peer-key k -peer-ca a", true)]
    [InlineData("-advertise-raddr h:1", true)]
    public void Front_ListensForOthers_WhereItIsToldTo(string flags, bool listens) =>
        Assert.Equal(listens, Given.Settings($"-store {Url} {flags}").Store!.HasPeerAddress);

    [Fact]
    public void Front_ListensForOthersOnThePortOfClients_IsRefused() => Assert.Contains(
        "must differ from -haddr", Assert.Single(Given.Problems($"-store {Url} -haddr :8200 -raddr :8200")), StringComparison.Ordinal);

    [Fact]
    public void Store_VariableOfAMember_IsNamedWithItsPlace()
    {
        _environment["RAFTD_BACKUP_DIR"] = "/backups";

        Assert.EndsWith("for members alone: -backup-dir (RAFTD_BACKUP_DIR)", Assert.Single(Problems($"-store {Url}")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RAFTD_STORE", "postgres://u:p4ss@db/d", "")]
    [InlineData("RAFTD_STORE_PASSWORD", "p4ss", "-store " + Url)]
    public void Password_OfTheEnvironment_IsTaken(string variable, string value, string line)
    {
        _environment[variable] = value;

        var (settings, problems) = SettingsReader.Read(Given.Sources(line, _environment));

        Assert.Empty(problems);
        Assert.True(settings.Store!.Target!.HasPassword);
        Assert.DoesNotContain("p4", settings.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Password_OfTheConfiguration_IsTaken()
    {
        var file = _folder.Write("c.yaml", $"store: {Url}\nstore-password: p4ss\n");

        Assert.True(Given.Settings($"-config {file}").Store!.Target!.HasPassword);
    }

    [Fact]
    public void Password_InTwoPlaces_IsAProblem()
    {
        _environment["RAFTD_STORE"] = "postgres://u:p4ss@db/d";

        Assert.Contains("more than one password", Assert.Single(Problems("-store-password-file f")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("p4ss word")]
    [InlineData("p4ss word\n")]
    [InlineData("p4ss word\r\n")]
    public void PasswordFile_OfOneLine_IsThePassword(string text)
    {
        var store = Given.Settings($"-store {Url} -store-password-file {_folder.Write("password", text)}").Store!;

        Assert.Equal(store.Target!.WithPassword("p4ss word"), PasswordFile.Complete(store));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("p4\np4\n")]
    public void PasswordFile_WithoutAPassword_IsRefused(string text)
    {
        var path = _folder.Write("password", text);

        var error = Refusal(path);

        Assert.Equal(ExitCode.Usage, error.Code);
        Assert.StartsWith($"raftd: -store-password-file {path}: does not hold a password", error.Line, StringComparison.Ordinal);
        Assert.DoesNotContain("p4", error.Line.Replace(path, "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void PasswordFile_TooLongOrMissing_IsRefused()
    {
        Assert.Contains("at most 4096 bytes", Refusal(_folder.Write("password", new string('x', 4097))).Line, StringComparison.Ordinal);
        Assert.Contains("cannot be read", Refusal(_folder.At("none")).Line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("store schema", "buckets log revisions keys leases lease_keys meta fronts", "CREATE TABLE", "BYTEA")]
    [InlineData("store schema mysql", "buckets log revisions keys chunks leases lease_keys meta fronts", "CREATE TABLE IF NOT EXISTS", "LONGBLOB")]
    public void Schema_Printed_HasEveryTable(string line, string tables, string beginning, string type)
    {
        var stdout = new StringWriter();

        Assert.Equal(ExitCode.Ok, StoreCommand.Schema(CommandLine.Parse(Given.Words(line)).Schema!.Value, stdout));

        Assert.Contains(type, stdout.ToString(), StringComparison.Ordinal);
        foreach (var table in tables.Split(' '))
        {
            Assert.Contains($"{beginning} raftd_{table} (", stdout.ToString(), StringComparison.Ordinal);
        }
    }

    private static FatalError Refusal(string path) =>
        Assert.Throws<FatalException>(() => PasswordFile.Complete(Given.Settings($"-store {Url} -store-password-file {path}").Store!)).Error;

    private IReadOnlyList<string> Problems(string line) => SettingsReader.Read(Given.Sources(line, _environment)).Problems;
}
