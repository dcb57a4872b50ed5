using Raftd.Store.Buckets;

namespace Raftd.Store.Lmdb;

/// <summary>The state of a stopped member, for one who looks: no file is made or changed, and a disk that cannot be written to
/// does as well.</summary>
/// <remarks>Nothing here keeps a writer away: the caller holds the data directory.</remarks>
public sealed class ReadOnlyState : IDisposable
{
    // Readers without locks take no slots; the number only has to be one that LMDB accepts.
    private const int MaxReaders = 1;

    private readonly LightningEnvironment _environment;
    private readonly LightningDatabase[] _databases;
    private readonly ReaderPool _readers;

    private ReadOnlyState(string directory, FileInfo file)
    {
        LmdbBucketStore.RequireContent(file);
        _environment = new LightningEnvironment(directory, new EnvironmentConfiguration
        {
            MapSizeBytes = Math.Max(LmdbBucketStoreOptions.UsualMapSizeBytes, file.Length),
            MaxReaders = MaxReaders,
            MaxDatabases = BucketLimits.BucketCount,
            IsReadOnly = true,
        });
        try
        {
            FileSystem.Run("check", file.FullName, () => DataFileCheck.Run(_environment, file.FullName, lengthens: false));
            _databases = LmdbBucketStore.OpenDatabases(_environment, readOnly: true);
        }
        catch
        {
            _environment.Dispose();
            throw;
        }

        _readers = new ReaderPool(_environment, onClosed: _environment.Dispose);
    }

    /// <returns>Null where no state was ever made.</returns>
    /// <exception cref="BucketStoreException">Corrupt, Unavailable or Io.</exception>
    public static ReadOnlyState? Open(string dataDirectory)
    {
        LmdbLibrary.Require();
        var directory = StateDirectory.PathIn(dataDirectory);
        var file = new FileInfo(Path.Combine(directory, LmdbBucketStore.DataFileName));
        return file.Exists ? new ReadOnlyState(directory, file) : null;
    }

    public IBucketReader BeginRead() => new LmdbBucketReader(_readers, _databases);

    /// <summary>After its readers.</summary>
    public void Dispose() => _readers.Close();
}
