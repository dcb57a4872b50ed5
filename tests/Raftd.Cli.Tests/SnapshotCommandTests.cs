using Raftd.Testing;
using Raftd.Testing.Disks;
using Raftd.Testing.Processes;
using Raftd.Testing.Tls;

namespace Raftd.Cli.Tests;

/// <summary><c>raftd snapshot</c>, with a member in this process.</summary>
public sealed class SnapshotCommandTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    private string Backup => _folder.At("backup");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Save_OverTls_ThenStatusAndRestore_SayTheSameOfIt()
    {
        using var certificates = new CertificateFolder();
        certificates.Write(certificates.Issue());
        var tls = $"-cert {certificates.At("server.crt")} -key {certificates.At("server.key")}";
        await using var member = TlsMember.Start("one", tls, _folder.At("data"));
        await Until.TrueAsync(
            "a backup is there", TimeSpan.FromSeconds(60), async () => await RunAsync($"save {Backup} -endpoint {member.Url} -cacert {certificates.At("ca.crt")}") == ExitCode.Ok);
        var saved = _output.ToString();
        Assert.Equal(ExitCode.Ok, await RunAsync($"status {Backup}"));
        Assert.Contains(saved[saved.IndexOf("  revision:", StringComparison.Ordinal)..], _output.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCode.Ok, await RunAsync($"restore {Backup} {_folder.At("restored")} -id two"));
        Assert.Contains("start it:  raftd -id two", _output.ToString(), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_folder.At("restored"), "member.json")));

        Assert.Equal(ExitCode.StartFailed, await RunAsync($"save {Backup} -endpoint {member.Url}"));
        Assert.Contains("sent no whole backup", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCode.DataDirectoryUnusable, await RunAsync($"restore {Backup} {_folder.At("restored")}"));
    }

    /// <summary>A backup that was there stays, whatever comes of the new one.</summary>
    [Fact]
    public async Task Save_FromNoMember_LeavesTheFormerBackup()
    {
        await File.WriteAllTextAsync(Backup, "former", TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.StartFailed, await RunAsync($"save {Backup} -endpoint http://127.0.0.1:{Ports.Free()}"));
        Assert.Contains("check -endpoint, or ask another member", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal("former", await File.ReadAllTextAsync(Backup, TestContext.Current.CancellationToken));
        Assert.Equal([Backup], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Theory]
    [InlineData("status {0}", "no backup that can be used: it is damaged or not whole: it ends within its first chunk")]
    [InlineData("restore {0} {1}", "nothing was changed; use another backup")]
    [InlineData("status {1}", "Could not find file")]
    public async Task File_ThatIsNoBackup_IsNamed(string words, string said)
    {
        await File.WriteAllTextAsync(Backup, "short", TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.StartFailed, await RunAsync(string.Format(null, words, Backup, _folder.At("none"))));
        Assert.Contains(said, _error.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.At("none")));
    }

    [Theory]
    [InlineData("", "Required command was not provided")]
    [InlineData("save", "Required argument 'file' missing")]
    [InlineData("save f -endpoint nowhere", "-endpoint nowhere: is no URL")]
    [InlineData("save f -cert c", "-cert and -key go together")]
    [InlineData("save -what", "unknown flag -what")]
    [InlineData("restore f", "Required argument 'data-dir' missing")]
    [InlineData("restore f d -bump-revision -1", "-bump-revision -1: must be 0 to")]
    [InlineData("status f g", "Unrecognized command or argument 'g'")]
    public void Line_ThatCannotBeRead_SaysWhy(string words, string said)
    {
        var line = CommandLine.Parse(["snapshot", .. Given.Words(words)]);
        Assert.Contains(said, line.Error!.What, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, line.Error.Code);
    }

    [Theory]
    [InlineData("-help")]
    [InlineData("save -h")]
    public void Help_InAnyPlace_IsHelp(string words) =>
        Assert.Equal(Verb.SnapshotHelp, CommandLine.Parse(["snapshot", .. Given.Words(words)]).Verb);

    private Task<ExitCode> RunAsync(string words)
    {
        _output.GetStringBuilder().Clear();
        _error.GetStringBuilder().Clear();
        var line = CommandLine.Parse(["snapshot", .. Given.Words(words)]);
        Assert.Null(line.Error);
        return SnapshotCommand.RunAsync(line.Snapshot!, _output, _error);
    }
}
