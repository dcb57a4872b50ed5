namespace Raftd.Cli.Tests;

/// <summary>Finds the checkout that the tests were built from.</summary>
internal static class Checkout
{
    public static string Root { get; } = Find();

    public static string ReadText(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "raftd.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("the tests run outside a checkout");
        }

        return folder.FullName;
    }
}
