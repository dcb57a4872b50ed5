using Raftd.Wal;

namespace Raftd.Node.Backups;

/// <summary>The directory of scheduled backups. A file has its name once it is whole and durable; until then it is a part. Only files
/// of this member are counted and deleted: others may be here too.</summary>
/// <remarks>Each call throws StorageIoException when the directory's disk fails it.</remarks>
internal sealed class BackupDirectory(IFileSystem files, string path, ulong clusterId, ulong memberId)
{
    private const string PartSuffix = ".part";

    public string Path => path;

    public long AvailableBytes => files.AvailableBytes(path);

    /// <summary>Makes the directory if it is not there, in one that is, and removes what an interrupted backup left.</summary>
    public void Prepare()
    {
        if (!files.Exists(path))
        {
            files.CreateDirectory(path);
            files.SyncDirectory(System.IO.Path.GetDirectoryName(path)!);
        }

        foreach (var part in files.List(path).Where(IsOwnPart))
        {
            files.Delete(Of(part));
        }
    }

    /// <summary>This member's, the oldest first: by revision, which a clock that is set back does not change, then by time.</summary>
    public IReadOnlyList<BackupName> Backups() =>
    [
        .. files.List(path)
            .Select(BackupName.Parse)
            .OfType<BackupName>()
            .Where(IsOwn)
            .OrderBy(static name => name.Revision)
            .ThenBy(static name => name.Time),
    ];

    public BackupName NameOf(long revision, DateTimeOffset time) => new(clusterId, memberId, time, revision);

    /// <summary>An empty file, which has its name after Publish.</summary>
    public IFile CreatePart(BackupName name) => files.Open(PartOf(name), FileOpenMode.CreateNew);

    /// <summary>Once all of the part is synced.</summary>
    public void Publish(BackupName name)
    {
        files.Rename(PartOf(name), Of(name.ToString()));
        files.SyncDirectory(path);
    }

    public void DeletePart(BackupName name) => files.Delete(PartOf(name));

    public void Delete(BackupName name) => files.Delete(Of(name.ToString()));

    private bool IsOwn(BackupName name) => name.ClusterId == clusterId && name.MemberId == memberId;

    private bool IsOwnPart(string file) =>
        file.EndsWith(PartSuffix, StringComparison.Ordinal) && BackupName.Parse(file[..^PartSuffix.Length]) is { } name && IsOwn(name);

    private string PartOf(BackupName name) => Of(name + PartSuffix);

    private string Of(string file) => System.IO.Path.Combine(path, file);
}
