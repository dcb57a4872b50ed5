using System.Text;
using Raftd.Testing;

namespace Raftd.Wal.Tests;

/// <summary>The scripts in testdata: a command, "----", what it did to the disk and said. A missing fsync is a line of the
/// diff.</summary>
public class ScriptTests
{
    private const string Suite = "Raftd.Wal.Tests";

    public static TheoryData<string> Scripts() => [.. Transcript.NamesOf(Suite)];

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Script_Run_DoesWhatItSays(string name)
    {
        var (written, happened) = Transcript.Play(Suite, name, Run);
        Assert.Equal(written, happened);
    }

    /// <summary>Comments and blank lines stay; what stands between "----" and the next blank line is made anew.</summary>
    private static string Run(string script)
    {
        using var runner = new ScriptRunner();
        var output = new StringBuilder();
        var commands = new List<string>();
        var skipping = false;
        foreach (var line in script.TrimEnd('\n').Split('\n'))
        {
            skipping &= line.Length > 0;
            if (skipping)
            {
                continue;
            }

            output.Append(line).Append('\n');
            if (line == "----")
            {
                commands.ForEach(command => output.Append(runner.Run(command)));
                commands.Clear();
                skipping = true;
            }
            else if (line.Length > 0 && line[0] != '#')
            {
                commands.Add(line);
            }
        }

        return output.ToString();
    }
}
