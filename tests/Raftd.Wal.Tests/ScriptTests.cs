using System.Runtime.CompilerServices;
using System.Text;

namespace Raftd.Wal.Tests;

/// <summary>
/// The scripts in testdata: a command, "----", what it did to the disk and said. A missing fsync is a line of the diff.
/// RAFTD_REWRITE=1 writes what happened into the scripts.
/// </summary>
public class ScriptTests
{
    private static readonly bool Rewrite = Environment.GetEnvironmentVariable("RAFTD_REWRITE") == "1";

    public static TheoryData<string> Scripts() =>
        [.. Directory.GetFiles(TestData(), "*.txt").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Script_Run_DoesWhatItSays(string name)
    {
        var path = Path.Combine(TestData(), name);
        var written = File.ReadAllText(path);
        var happened = Run(written);
        if (Rewrite)
        {
            File.WriteAllText(path, happened);
        }
        else
        {
            Assert.Equal(written, happened);
        }
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

    private static string TestData([CallerFilePath] string source = "") =>
        Path.Combine(Path.GetDirectoryName(source)!, "testdata");
}
