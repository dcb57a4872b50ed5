namespace Raftd.Cluster.Tests.Support;

/// <summary>The checkout that the tests were built from: its scripts and its build are what is tested.</summary>
internal static class Checkout
{
    public static string Root { get; } = Find();

    public static string Launcher => Path.Combine(Root, "raftd");

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
