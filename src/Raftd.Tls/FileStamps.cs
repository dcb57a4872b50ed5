namespace Raftd.Tls;

/// <summary>Tells whether files have changed since they were read, without reading them.</summary>
/// <remarks>Of open files, so that a link counts as what it leads to: that is how certificates are exchanged in a
/// container.</remarks>
internal readonly record struct FileStamps(FileStamps.Stamp Certificate, FileStamps.Stamp Key, FileStamps.Stamp Authority)
{
    public static FileStamps Of(TlsFiles files) => new(
        StampOf(files.Certificate.Path),
        StampOf(files.Key.Path),
        files.Authority is { } authority ? StampOf(authority.Path) : default);

    private static Stamp StampOf(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            return new Stamp(File.GetLastWriteTimeUtc(file).Ticks, RandomAccess.GetLength(file));
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException)
        {
            return default; // the attempt to read it says what is wrong
        }
    }

    internal readonly record struct Stamp(long ModifiedTicks, long Bytes);
}
