namespace Raftd.Mutations;

internal static class Root
{
    /// <summary>The folder of raftd.sln, above this program.</summary>
    public static string Find()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "raftd.sln")))
            {
                return folder;
            }
        }

        throw new InvalidOperationException($"there is no raftd.sln above {AppContext.BaseDirectory}");
    }
}
