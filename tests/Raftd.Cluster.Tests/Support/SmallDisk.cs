namespace Raftd.Cluster.Tests.Support;

/// <summary>A file system of its own, an ext4 image, mounted until the scene ends. Needs root.</summary>
internal sealed class SmallDisk
{
    private readonly Scene _scene;

    private SmallDisk(Scene scene, string path)
    {
        _scene = scene;
        Path = path;
    }

    public string Path { get; }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    public static async Task<SmallDisk> MountAsync(Scene scene, string name = "disk", int megabytes = 48)
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, to mount a small disk");
        var path = scene.PathOf(name);
        var made = await scene.ShellAsync(
            $"set -e; truncate -s {megabytes}M {path}.img; mkfs.ext4 -q -m 0 {path}.img; mkdir {path}; mount -o loop {path}.img {path}");
        Assert.SkipUnless(made.Code == 0, $"this machine does not let a test mount a small disk: {made.Error.Trim()}");
        scene.OnEnd(() => scene.ShellAsync($"umount {path}"));
        return new SmallDisk(scene, path);
    }

    /// <summary>To the last block: dd and not fallocate, which does not take the rest.</summary>
    public Task FillAsync() => _scene.ShellAsync(
        $"dd if=/dev/zero of={Filler} bs=1M 2>/dev/null; dd if=/dev/zero of={Filler} bs=1k oflag=append conv=notrunc 2>/dev/null; sync {Filler}");

    public void MakeRoom() => File.Delete(Filler);
}
