// Puts all mutations into the sources, each behind its own switch:
//
//   an expression   (Mutant.Is("name") ? (broken) : (original))
//   statements      if (Mutant.Is("name")) { broken } else { original }
//
// A snippet is looked for in the member that its row names, and must occur there exactly once: a change of the product that
// touches it makes the table an error, not a mutation that silently is none any more. Mutations of the very same place are
// nested; places that overlap in part are refused, since what the switches would mean depended on their order.

using System.Text;

namespace Raftd.Mutations;

internal static class Rewriter
{
    /// <summary>Every mutated file, by its path relative to the root, as it is to be.</summary>
    /// <param name="sources">As they are.</param>
    /// <param name="mutations">All at once.</param>
    /// <param name="problems">Gets what is wrong with the table; the texts mean nothing then.</param>
    public static Dictionary<string, string> Rewrite(
        ProductSources sources, IEnumerable<Mutation> mutations, List<string> problems)
    {
        var located = new List<(Place Place, Mutation Mutation)>();
        foreach (var mutation in mutations)
        {
            if (Locate(sources, mutation, problems) is { } place)
            {
                located.Add((place, mutation));
            }
        }

        var rewritten = located
            .GroupBy(found => found.Place.File, StringComparer.Ordinal)
            .ToDictionary(file => file.Key, file => Rewrite(sources.TextOf(file.Key), file, problems), StringComparer.Ordinal);
        foreach (var (file, text) in rewritten)
        {
            // A row that puts a switch where the language has no room for one keeps all others from being built.
            problems.AddRange(ProductSources.ErrorsIn(text).Select(error => $"{file} with the bugs of the table in it is no program: {error}"));
        }

        return rewritten;
    }

    private static Place? Locate(ProductSources sources, Mutation mutation, List<string> problems)
    {
        var declarations = sources.Find(mutation.In, out var problem);
        var snippet = new Snippet(mutation.Original);
        var places = declarations
            .SelectMany(declaration => snippet
                .FindIn(sources.TextOf(declaration.File), declaration.Start, declaration.End)
                .Select(found => new Place(declaration.File, found.Start, found.End)))
            .ToList();
        if (problem is null && places.Count != 1)
        {
            problem = $"the snippet occurs {places.Count} times in {mutation.In}, in {declarations[0].File}";
        }

        if (problem is not null)
        {
            problems.Add($"{mutation.Name}: {problem}");
            return null;
        }

        return places[0];
    }

    private static string Rewrite(string text, IEnumerable<(Place Place, Mutation Mutation)> located, List<string> problems)
    {
        var rewritten = new StringBuilder();
        var copied = 0;
        foreach (var group in located.GroupBy(found => found.Place, found => found.Mutation).OrderBy(group => group.Key.Start))
        {
            var place = group.Key;
            if (place.Start < copied)
            {
                problems.Add($"{string.Join(", ", group.Select(mutation => mutation.Name))}: it overlaps with another row's place in {place.File}");
                continue;
            }

            rewritten.Append(text, copied, place.Start - copied);
            rewritten.Append(Switch(text[place.Start..place.End], group));
            copied = place.End;
        }

        return rewritten.Append(text, copied, text.Length - copied).ToString();
    }

    private static string Switch(string original, IEnumerable<Mutation> mutations) => mutations.Aggregate(
        original,
        (inner, mutation) => original is [.., ';' or '}']
            ? $"if (Mutant.Is(\"{mutation.Name}\")) {{ {mutation.Broken} }} else {{ {inner} }}"
            : $"(Mutant.Is(\"{mutation.Name}\") ? ({mutation.Broken}) : ({inner}))");

    private readonly record struct Place(string File, int Start, int End);
}
