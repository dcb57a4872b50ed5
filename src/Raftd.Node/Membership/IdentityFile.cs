using System.Security.Cryptography;
using System.Text.Json;
using Raftd.Wal;

namespace Raftd.Node.Membership;

/// <summary>Reads and writes member.json, whole or not at all.</summary>
internal sealed class IdentityFile(IFileSystem files, string directory)
{
    private const string FileName = "member.json";
    private const string TemporaryName = "member.json.new";
    private const int MaxBytes = 4 << 20;

    private string PathOf(string name) => Path.Combine(directory, name);

    /// <summary>Null when the directory has no identity yet.</summary>
    /// <exception cref="FatalStopException">The file is damaged, or was written by a newer version.</exception>
    public MemberIdentity? Load()
    {
        if (!files.Exists(PathOf(FileName)))
        {
            return null;
        }

        try
        {
            var identity = JsonSerializer.Deserialize(ReadAll(), MembershipJson.Default.MemberIdentity);
            if (identity is { Format: MemberIdentity.CurrentFormat, Instance: not 0 })
            {
                return identity;
            }

            throw identity?.Format > MemberIdentity.CurrentFormat
                ? OfNewer(identity.Format)
                : Unusable($"has format {identity?.Format}, this version knows {MemberIdentity.CurrentFormat}");
        }
        catch (JsonException damaged)
        {
            throw Unusable($"is damaged ({damaged.Message})");
        }
    }

    /// <summary>The identity of a directory that has none: an instance number, and nothing that a cluster gives.</summary>
    public MemberIdentity Begin(string label)
    {
        var identity = new MemberIdentity { Format = MemberIdentity.CurrentFormat, Instance = DrawId(), Label = label };
        Save(identity);
        return identity;
    }

    /// <summary>New file, synced; renamed over the old one; directory synced. A crash leaves the old one or the new one.</summary>
    public void Save(MemberIdentity identity)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(identity, MembershipJson.Default.MemberIdentity);
        using (var file = files.Open(PathOf(TemporaryName), FileOpenMode.OpenOrCreate))
        {
            file.SetLength(0);
            file.Write(0, bytes);
            file.Sync();
        }

        Failpoint.Hit("identity.rename", errno => new StorageIoException("rename", PathOf(TemporaryName), errno));
        files.Rename(PathOf(TemporaryName), PathOf(FileName));
        Failpoint.Hit("identity.renamed");
        files.SyncDirectory(directory);
    }

    /// <summary>63 random bits, never 0: a positive number in every language.</summary>
    public static ulong DrawId()
    {
        ulong id;
        do
        {
            id = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) >> 1;
        }
        while (id == 0);
        return id;
    }

    private byte[] ReadAll()
    {
        using var file = files.Open(PathOf(FileName), FileOpenMode.OpenExisting, writable: false);
        if (file.Length > MaxBytes)
        {
            throw Unusable($"is {file.Length} bytes long");
        }

        var bytes = new byte[file.Length];
        var read = 0;
        while (read < bytes.Length)
        {
            var count = file.Read(read, bytes.AsSpan(read));
            if (count == 0)
            {
                throw Unusable("shrank while it was read");
            }

            read += count;
        }

        return bytes;
    }

    private FatalStopException OfNewer(int format) => new(
        FatalReason.NewerLevel,
        $"{PathOf(FileName)} has format {format}, this raftd knows {MemberIdentity.CurrentFormat}",
        "start a newer raftd; nothing was changed");

    private FatalStopException Unusable(string why) => new(
        FatalReason.LogCorrupt,
        $"{PathOf(FileName)} {why}",
        "remove this member from its cluster, empty the data directory and join it again; its peers have the data");
}
