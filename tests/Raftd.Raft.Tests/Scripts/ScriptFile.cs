using System.Runtime.CompilerServices;
using System.Text;

namespace Raftd.Raft.Tests.Scripts;

/// <summary>
/// A transcript. A line that starts with "> " is a command, the indented lines below it are what it prints, and every
/// other line is prose.
/// </summary>
internal sealed class ScriptFile
{
    private const string CommandMark = "> ";
    private const string OutputIndent = "    ";

    private readonly string _path;

    private ScriptFile(string path, string content)
    {
        _path = path;
        Content = content;
    }

    public static string SourceFolder => Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "testdata");

    public string Content { get; }

    public static ScriptFile Read(string name)
    {
        var path = Path.Combine(SourceFolder, name);
        return new ScriptFile(path, File.ReadAllText(path));
    }

    /// <summary>The same file with the output that the commands have now.</summary>
    public string Replay(Func<string, IEnumerable<string>> execute)
    {
        var replayed = new StringBuilder();
        foreach (var line in Content.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith(OutputIndent, StringComparison.Ordinal))
            {
                continue;
            }

            replayed.Append(line).Append('\n');
            if (line.StartsWith(CommandMark, StringComparison.Ordinal))
            {
                foreach (var printed in execute(line[CommandMark.Length..]))
                {
                    replayed.Append(OutputIndent).Append(printed).Append('\n');
                }
            }
        }

        return replayed.ToString();
    }

    public void Write(string content) => File.WriteAllText(_path, content);

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
