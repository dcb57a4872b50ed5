namespace Raftd.Mutations;

internal static class SourceFolders
{
    /// <summary>What a build or a run has left there.</summary>
    public static bool IsOutput(string path) =>
        path.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "TestResults");
}
