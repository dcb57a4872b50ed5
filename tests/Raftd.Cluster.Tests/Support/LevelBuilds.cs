using System.Globalization;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests.Support;

/// <summary>Programs of different feature levels: of this tree, of the commits that tests/levels names, and of the level after
/// this tree's, which only tests know.</summary>
internal static class LevelBuilds
{
    // Of tests/build-level.sh.
    private const int NoHistory = 3;

    /// <summary>The levels whose last commit is named, in the order of the file.</summary>
    public static IReadOnlyList<int> Named { get; } =
    [
        .. File.ReadLines(Path.Combine(Checkout.Root, "tests", "levels"))
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => int.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture)),
    ];

    /// <summary>The commands that start the program before and after an upgrade from this level.</summary>
    /// <param name="scene">Runs what builds them.</param>
    /// <param name="level">One of <see cref="Named"/>, upgraded to this tree; 0 for this tree, upgraded to the next level.</param>
    public static async Task<(string[] Before, string[] After)> OfUpgradeAsync(Scene scene, int level)
    {
        if (level == 0)
        {
            return ([Checkout.Launcher], await Build.OfNextLevelAsync());
        }

        var built = await scene.ShellAsync(string.Create(CultureInfo.InvariantCulture, $"tests/build-level.sh {level}"));
        Assert.SkipWhen(built.Code == NoHistory, built.ToString());
        Assert.True(built.Code == 0, built.ToString());
        return (["dotnet", built.Output.Trim().Split('\n')[^1]], [Checkout.Launcher]);
    }

    /// <summary>The newest level that a program knows, as it says itself.</summary>
    public static async Task<int> KnownByAsync(Scene scene, string[] program)
    {
        var said = await scene.ShellAsync(string.Join(' ', program.Select(word => $"'{word}'")) + " version");
        var words = said.Output.Split(' ');
        var at = Array.IndexOf(words, "level");
        Assert.True(at > 0 && at + 1 < words.Length, $"{program[^1]} says no feature level: {said}");
        return int.Parse(words[at + 1], CultureInfo.InvariantCulture);
    }
}
