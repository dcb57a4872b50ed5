// Puts all mutations into the text of a source file, each behind its own switch:
//
//   an expression   (Mutant.Is("name") ? (broken) : (original))
//   statements      if (Mutant.Is("name")) { broken } else { original }
//
// A snippet is looked for as it stands but for white space, and must occur exactly once: a change of the product that
// touches it makes the table an error, not a mutation that silently is none any more. What stands before « and behind » only
// says where; what is between them is replaced. Mutations of the very same snippet are nested; snippets that overlap in part
// are refused, since what the switches would mean depended on their order.

using System.Text;
using System.Text.RegularExpressions;

namespace Raftd.Mutations;

internal static partial class Rewriter
{
    /// <summary>The text with the switches of these mutations, which are all of this file.</summary>
    /// <param name="problems">Gets what is wrong with the table; the text means nothing then.</param>
    public static string Rewrite(string text, IReadOnlyList<Mutation> mutations, List<string> problems)
    {
        var places = new List<Place>();
        foreach (var group in mutations.GroupBy(mutation => mutation.Original, StringComparer.Ordinal))
        {
            var found = Pattern(group.Key).Matches(text);
            if (found.Count == 1)
            {
                var replaced = found[0].Groups["replaced"];
                places.Add(new Place(replaced.Index, replaced.Length, [.. group]));
            }
            else
            {
                problems.Add($"{Names(group)}: the snippet occurs {found.Count} times in {group.First().File}");
            }
        }

        places.Sort((a, b) => a.Start.CompareTo(b.Start));
        for (var i = 1; i < places.Count; i++)
        {
            if (places[i].Start < places[i - 1].End)
            {
                problems.Add($"{Names(places[i - 1].Mutations)} and {Names(places[i].Mutations)} overlap");
            }
        }

        return problems.Count == 0 ? Replace(text, places) : text;
    }

    private static string Replace(string text, List<Place> places)
    {
        var rewritten = new StringBuilder();
        var copied = 0;
        foreach (var place in places)
        {
            rewritten.Append(text, copied, place.Start - copied);
            rewritten.Append(Switch(text.Substring(place.Start, place.Length), place.Mutations));
            copied = place.End;
        }

        return rewritten.Append(text, copied, text.Length - copied).ToString();
    }

    private static string Switch(string original, IEnumerable<Mutation> mutations) => mutations.Aggregate(
        original,
        (inner, mutation) => original is [.., ';' or '}']
            ? $"if (Mutant.Is(\"{mutation.Name}\")) {{ {mutation.Broken} }} else {{ {inner} }}"
            : $"(Mutant.Is(\"{mutation.Name}\") ? ({mutation.Broken}) : ({inner}))");

    private static Regex Pattern(string snippet)
    {
        var marked = snippet.Contains('«', StringComparison.Ordinal) ? snippet : $"«{snippet}»";
        var parts = marked.Split('«', '»');
        return new Regex($"{Words(parts[0])}(?<replaced>{Words(parts[1].Trim())}){Words(parts[2])}", RegexOptions.NonBacktracking);
    }

    private static string Words(string text) => string.Join(@"\s+", WhiteSpace().Split(text).Select(Regex.Escape));

    private static string Names(IEnumerable<Mutation> mutations) => string.Join(", ", mutations.Select(mutation => mutation.Name));

    [GeneratedRegex(@"\s+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WhiteSpace();

    private sealed record Place(int Start, int Length, List<Mutation> Mutations)
    {
        public int End => Start + Length;
    }
}
