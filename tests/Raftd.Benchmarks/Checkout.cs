namespace Raftd.Benchmarks;

/// <summary>The checkout that this program was built in.</summary>
internal static class Checkout
{
    public static string Root { get; } = FindRoot();

    public static string Launcher => Path.Combine(Root, "raftd");

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "raftd.sln")))
            {
                return at.FullName;
            }
        }

        throw new BenchmarkException("this program lies outside its checkout: run it with `dotnet run --project tests/Raftd.Benchmarks`");
    }
}
