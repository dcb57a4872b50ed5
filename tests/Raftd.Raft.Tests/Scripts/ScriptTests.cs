namespace Raftd.Raft.Tests.Scripts;

/// <summary>
/// Each file of testdata is a transcript: commands, what they print, and prose that says why it must be so.
/// With RAFTD_REWRITE=1 the files in the source tree are rewritten with what is printed now; the diff is the review.
/// </summary>
public sealed class ScriptTests
{
    public static TheoryData<string> Names() =>
        [.. Directory.EnumerateFiles(ScriptFile.SourceFolder, "*.txt").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Transcript_prints_what_it_says(string name)
    {
        var script = ScriptFile.Read(name);
        var interpreter = new ScriptInterpreter();
        var actual = script.Replay(interpreter.Execute);
        if (Environment.GetEnvironmentVariable("RAFTD_REWRITE") == "1")
        {
            script.Write(actual);
            return;
        }

        Assert.Equal(script.Content, actual);
    }
}
