using System.Diagnostics;
using Raftd.Testing.Disks;
using Raftd.Testing.Processes;

namespace Raftd.Cli.Tests;

/// <summary>How tests/database.sh refuses words, before it builds anything. What it refuses of a server is in Raftd.Sql.Tests.</summary>
public sealed class DatabaseScriptTests : IDisposable
{
    private const string Usage = "tests/database.sh postgres://USER@HOST/DATABASE [PASSWORD-FILE], or mysql://…\n";

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", "which server?")]
    [InlineData("postgres://raftd@db/raftd a b", "which server?")]
    [InlineData("raftd@db", "that is not the URL of a database:")]
    [InlineData("oracle://raftd@db/raftd", "that is not the URL of a database:")]
    [InlineData("postgres://raftd@db", "that is not the URL of a database:")]
    [InlineData("mysql://raftd@%2Frun%2Fmysqld.sock/raftd", "the suites reach a server by its host and port, not by a socket:")]
    [InlineData(
        "postgres://raftd:secret@db/raftd",
        "'ps' shows a password of the command line to every user of this machine; give it in RAFTD_STORE_PASSWORD or in a file:")]
    public async Task WrongWords_AreRefused_WithTheRightOnes(string words, string problem) =>
        Assert.Equal((2, $"tests/database.sh: {problem} {Usage}"), await RunAsync("", Given.Words(words)));

    [Theory]
    [InlineData(null, "", "the password file FILE cannot be read\n")]
    [InlineData("", "", "the password file FILE does not hold a password: expected one line of at most 4096 bytes\n")]
    [InlineData("one\ntwo\n", "", "the password file FILE does not hold a password: expected one line of at most 4096 bytes\n")]
    [InlineData("one\n", "other", "there are two passwords: in RAFTD_STORE_PASSWORD and in FILE; give one\n")]
    public async Task Password_ThatCannotBeMeant_IsRefused(string? text, string variable, string problem)
    {
        var file = _folder.At("password");
        if (text is not null)
        {
            await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        }

        var expected = $"tests/database.sh: {problem.Replace("FILE", file, StringComparison.Ordinal)}";
        Assert.Equal((2, expected), await RunAsync(variable, "mysql://raftd@db/raftd", file));
    }

    private static async Task<(int Code, string Error)> RunAsync(string password, params string[] words)
    {
        var start = new ProcessStartInfo(Checkout.At("tests/database.sh"), words) { Environment = { ["RAFTD_STORE_PASSWORD"] = password } };
        var run = await Subprocess.RunAsync(start);
        return (run.Code, run.Error);
    }
}
