namespace Raftd.Testing.Disks;

/// <summary>An empty directory that goes with the test.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    /// <summary>Where the system keeps such things, which may be memory.</summary>
    public TemporaryDirectory()
        : this(Directory.CreateTempSubdirectory("raftd-test-").FullName)
    {
    }

    private TemporaryDirectory(string path) => Path = path;

    public string Path { get; }

    /// <summary>For tests that are about disks.</summary>
    public static TemporaryDirectory OnRealDisk() => new(RealDisk.NewFolder("raftd-test-"));

    public string At(string name) => System.IO.Path.Combine(Path, name);

    public string Write(string name, string text)
    {
        var path = At(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public string WriteScript(string name, string text)
    {
        var path = Write(name, text);
        if (!OperatingSystem.IsWindows()) // for the analyzer: raftd runs on Linux
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
