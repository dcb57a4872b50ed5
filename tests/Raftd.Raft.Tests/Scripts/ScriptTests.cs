using System.Text;
using Raftd.Testing;

namespace Raftd.Raft.Tests.Scripts;

/// <summary>
/// Each file of testdata is a transcript. A line that starts with "> " is a command, the indented lines below it are what it
/// prints, and every other line is prose that says why it must be so.
/// </summary>
public sealed class ScriptTests
{
    private const string Suite = "Raftd.Raft.Tests";
    private const string CommandMark = "> ";
    private const string OutputIndent = "    ";

    public static TheoryData<string> Names() => [.. Transcript.NamesOf(Suite)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Transcript_Replayed_PrintsWhatItSays(string name)
    {
        var (written, happened) = Transcript.Play(Suite, name, Replay);
        Assert.Equal(written, happened);
    }

    /// <summary>The same text with the output that the commands have now.</summary>
    private static string Replay(string script)
    {
        var interpreter = new ScriptInterpreter();
        var replayed = new StringBuilder();
        foreach (var line in script.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith(OutputIndent, StringComparison.Ordinal))
            {
                continue;
            }

            replayed.Append(line).Append('\n');
            if (line.StartsWith(CommandMark, StringComparison.Ordinal))
            {
                foreach (var printed in interpreter.Execute(line[CommandMark.Length..]))
                {
                    replayed.Append(OutputIndent).Append(printed).Append('\n');
                }
            }
        }

        return replayed.ToString();
    }
}
