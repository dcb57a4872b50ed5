using System.Text.RegularExpressions;
using Raftd.Testing.Processes;

namespace Raftd.Cli.Tests;

/// <summary>docs/failures.md names tests, transcripts, faults and checkers: a name that was changed must change there too.</summary>
public sealed partial class FailureCatalogueTests
{
    private static readonly Lazy<string[]> Sources = new(ReadSources);

    [Fact]
    public void Catalogue_EveryNameInIt_IsThatOfATestOrAPartOfOne()
    {
        var names = Rows().SelectMany(static row => Quoted().Matches(row)).Select(static match => match.Groups["name"].Value).ToArray();

        Assert.InRange(names.Length, 300, int.MaxValue);
        Assert.All(names.Distinct(StringComparer.Ordinal), static name => Assert.True(Exists(name), $"nothing in tests/ is named {name}"));
    }

    [Fact]
    public void Catalogue_AllNumbers_HaveARowEach() =>
        Assert.Equal(Enumerable.Range(1, 87), Rows().Select(static row => int.Parse(row.Split('|')[1])));

    private static IEnumerable<string> Rows() =>
        Checkout.ReadText("docs/failures.md").Split('\n').Where(static line => Numbered().IsMatch(line));

    private static bool Exists(string name)
    {
        if (name.EndsWith(".txt", StringComparison.Ordinal))
        {
            return TestFiles(name).Any();
        }

        var parts = name.Split('.');
        return Sources.Value.Any(source => Array.TrueForAll(parts, part => HasWord(source, part)));
    }

    private static bool HasWord(string source, string word)
    {
        for (var at = source.IndexOf(word, StringComparison.Ordinal); at >= 0; at = source.IndexOf(word, at + 1, StringComparison.Ordinal))
        {
            if (!IsPartOfWord(source, at - 1) && !IsPartOfWord(source, at + word.Length))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsPartOfWord(string text, int index) =>
        index >= 0 && index < text.Length && (char.IsLetterOrDigit(text[index]) || text[index] == '_');

    private static string[] ReadSources() => [.. TestFiles("*.cs").Select(File.ReadAllText)];

    /// <summary>Not those that a build has made.</summary>
    private static IEnumerable<string> TestFiles(string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Checkout.Root, "tests"), pattern, SearchOption.AllDirectories)
            .Where(static path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
            .Where(static path => !path.EndsWith(nameof(FailureCatalogueTests) + ".cs", StringComparison.Ordinal));

    [GeneratedRegex("^\\| [0-9]+ \\|", RegexOptions.NonBacktracking)]
    private static partial Regex Numbered();

    /// <summary>Names as they stand in code, and transcripts.</summary>
    [GeneratedRegex("`(?<name>[A-Z]\\w+(\\.\\w+)?|\\w+\\.txt)`", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Quoted();
}
