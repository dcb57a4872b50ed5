namespace Raftd.Store.Buckets;

/// <summary>
/// flock on a file of our own. LMDB lets several processes in, and a second open within one process takes its POSIX
/// locks away (failure 42 of docs/failures.md); this lets in one store object at a time, in any process, and the
/// kernel drops it at a crash.
/// </summary>
internal sealed class StoreLock : IDisposable
{
    private readonly FileStream _file;

    private StoreLock(FileStream file) => _file = file;

    /// <exception cref="BucketStoreException">InUse, where another process or store object has this state open; Full or Io.</exception>
    public static StoreLock Take(string path) => new(FileSystem.OpenExclusive(path));

    public void Dispose() => _file.Dispose();
}
