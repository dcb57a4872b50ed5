namespace Raftd.Testing.Processes;

/// <summary>The checkout that the tests were built from: its scripts, its documents and its build are what is tested.</summary>
public static class Checkout
{
    public static string Root { get; } = Find();

    public static string Launcher => At("raftd");

    /// <param name="path">Relative to the root.</param>
    public static string At(string path) => Path.Combine(Root, path);

    /// <param name="path">Relative to the root.</param>
    public static string ReadText(string path) => File.ReadAllText(At(path));

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "raftd.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException(
                $"there is no raftd.sln above {AppContext.BaseDirectory}: run this program where its checkout was built");
        }

        return folder.FullName;
    }
}
