using System.Globalization;

namespace Raftd.Testing.Processes;

/// <summary>A process and its children, as /proc has them.</summary>
public static class ProcessTree
{
    /// <summary>The process, then its children.</summary>
    public static IReadOnlyList<int> Of(int root)
    {
        var all = new List<int> { root };
        foreach (var folder in Directory.GetDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) && ParentOf(id) == root)
            {
                all.Add(id);
            }
        }

        return all;
    }

    /// <summary>Whether it still runs; one that has ended may stay in the table until its parent has looked at it.</summary>
    public static bool IsAlive(int id) => StatOf(id) is { } stat && stat[0] != "Z";

    private static int ParentOf(int id) => StatOf(id) is { } stat ? int.Parse(stat[1], CultureInfo.InvariantCulture) : 0;

    /// <summary>State, parent and what follows: behind the name, which may hold anything but ends with the last parenthesis.</summary>
    private static string[]? StatOf(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
