using System.Net.Sockets;
using Raftd.Cli.Settings;
using Raftd.Shared;
using Raftd.Testing.Processes;

namespace Raftd.Cli.Tests;

public sealed class ExitCodeTests
{
    private static readonly ServerSettings Settings = Given.Settings("/data");

    [Fact]
    public void EveryCode_IsUnique_AndLeftAloneByTheShell()
    {
        var codes = Enum.GetNames<ExitCode>().Select(name => (int)Enum.Parse<ExitCode>(name)).ToList();

        Assert.Equal(codes.Count, codes.Distinct().Count());
        Assert.All(codes, code => Assert.InRange(code, 0, 125));
        Assert.DoesNotContain(3, codes); // the launcher's
        Assert.DoesNotContain(4, codes);
    }

    [Fact]
    public void Operations_ListEveryCode_AndNoOther()
    {
        var listed = TableRows()
            .Where(row => int.TryParse(row[0], out _) && row[1].Length > 0) // those without a name are the launcher's
            .Select(row => $"{row[0]} {row[1]}");

        var codes = Enum.GetValues<ExitCode>().Select(code => $"{(int)code} `{code}`");
        Assert.Equal(string.Join('\n', codes), string.Join('\n', listed));
    }

    [Fact]
    public void Operations_ListEveryFlag_WithItsDefaultAndItsRange()
    {
        var rows = TableRows();

        foreach (var flag in Flags.Settings.Concat(Flags.Commands))
        {
            var row = Assert.Single(rows, row => row[0] == $"`{flag.Label}`");
            Assert.True(flag.Default.Length == 0 || row[1] == $"`{flag.Default}`", $"{flag.Label}: default {row[1]}");
            Assert.StartsWith(flag.Allowed, row[2], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Help_Printed_ListsEveryFlag()
    {
        var help = new StringWriter();

        HelpCommand.Run(help);

        Assert.All(
            Flags.Settings.Concat(Flags.Commands).Where(flag => !flag.IsPositional),
            flag => Assert.Contains($"\n  -{flag.Name} ", help.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void Exception_WrappedByOthers_FindsItsCode()
    {
        Assert.Equal(ExitCode.AddressInUse, Code(new SocketException((int)SocketError.AddressAlreadyInUse)));
        Assert.Equal(ExitCode.LibraryMissing, Code(new DllNotFoundException("liblmdb.so.0")));
        Assert.Equal(ExitCode.DataDirectoryUnusable, Code(new UnauthorizedAccessException("/data")));
        Assert.Equal(ExitCode.DataDirectoryUnusable, Code(new IOException("Read-only file system", 30)));
        Assert.Equal(ExitCode.DiskFull, Code(new IOException("No space left on device", 28)));
        Assert.Equal(ExitCode.StartFailed, Code(new InvalidOperationException("what is this")));
        Assert.Equal(ExitCode.SyncFailed, Code(new FatalException(new FatalError(ExitCode.SyncFailed, "a", "b"))));
        Assert.Equal(ExitCode.InvariantBroken, Code(Broken()));

        static ExitCode Code(Exception cause)
        {
            var wrapped = new IOException("outer", new InvalidOperationException("middle", cause));
            Assert.Equal(FatalError.From(cause, Settings).Code, FatalError.From(wrapped, Settings).Code);
            return FatalError.From(cause, Settings).Code;
        }
    }

    [Fact]
    public void FatalError_IsOneLine_WithWhatAndWhatToDo()
    {
        var error = new FatalError(ExitCode.SyncFailed, "fdatasync\nfailed", "look at the disk");
        var stderr = new StringWriter();

        Assert.Equal(ExitCode.SyncFailed, ProcessEnd.Report(stderr, error));
        Assert.Equal("raftd: fdatasync failed: look at the disk" + Environment.NewLine, stderr.ToString());
    }

    /// <summary>The cells of every row of every table of the page.</summary>
    private static List<string[]> TableRows() =>
    [
        .. Checkout.ReadText("docs/operations.md").Split('\n')
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries)),
    ];

    private static InvariantViolationException Broken()
    {
        try
        {
            Invariant.Broken("1 > 2");
        }
        catch (InvariantViolationException exception)
        {
            return exception;
        }

        throw new InvalidOperationException("an invariant did not throw");
    }
}
