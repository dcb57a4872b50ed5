using System.Globalization;

namespace Raftd.Exploration;

/// <summary>What the command line asks for.</summary>
/// <param name="Scope">One scope by name; null for all.</param>
/// <param name="States">After so many states a scope is cut.</param>
internal sealed record Arguments(string? Scope, int States)
{
    public const string Usage = "Raftd.Exploration [--scope NAME] [--states N] [--all]";

    /// <summary>All scopes in about a minute.</summary>
    private const int FewStates = 2_000_000;

    /// <summary>What 3 GB hold.</summary>
    private const int ManyStates = 6_000_000;

    /// <exception cref="FormatException">An argument that means nothing; says what would.</exception>
    public static Arguments Parse(string[] args)
    {
        var parsed = new Arguments(Scope: null, FewStates);
        for (var i = 0; i < args.Length; i++)
        {
            parsed = args[i] switch
            {
                "--all" => parsed with { States = ManyStates },
                "--scope" when i + 1 < args.Length => parsed with { Scope = KnownScope(args[++i]) },
                "--states" when i + 1 < args.Length => parsed with { States = Number(args[++i]) },
                _ => throw new FormatException($"{args[i]} is not understood; usage: {Usage}"),
            };
        }

        return parsed;
    }

    private static string KnownScope(string name) =>
        Scopes.All.Any(scope => scope.Name == name)
            ? name
            : throw new FormatException($"there is no scope {name}; there are {string.Join(' ', Scopes.All.Select(scope => scope.Name))}");

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
