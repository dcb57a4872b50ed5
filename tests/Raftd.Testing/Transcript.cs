using Raftd.Testing.Processes;

namespace Raftd.Testing;

/// <summary>A file of a suite's testdata folder that says what happens, in the words of the suite.</summary>
/// <remarks>With RAFTD_REWRITE=1 the file in the source tree is rewritten with what happens now; the diff is the review.</remarks>
public static class Transcript
{
    private static readonly bool Rewrites = Environment.GetEnvironmentVariable("RAFTD_REWRITE") == "1";

    public static IEnumerable<string> NamesOf(string suite) =>
        Directory.EnumerateFiles(FolderOf(suite), "*.txt").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    /// <summary>What the file says, and what it says once it is played.</summary>
    public static (string Written, string Happened) Play(string suite, string name, Func<string, string> play)
    {
        var path = Path.Combine(FolderOf(suite), name);
        var written = File.ReadAllText(path);
        var happened = play(written);
        if (!Rewrites)
        {
            return (written, happened);
        }

        File.WriteAllText(path, happened);
        return (happened, happened);
    }

    private static string FolderOf(string suite) => Checkout.At($"tests/{suite}/testdata");
}
