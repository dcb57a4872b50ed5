using Raftd.Store.Buckets;

namespace Raftd.Store;

/// <summary>The configuration of the group as Raft last applied it: one pair of the members bucket. Its meaning is Raft's.</summary>
internal sealed class ConfigurationPart : IStatePart
{
    private static ReadOnlySpan<byte> Key => "configuration"u8;

    public Bucket Bucket => Bucket.Members;

    public void Load(IBucketReader reader, StoredMeta meta, StateCopy copy)
    {
        copy.Working.ConfigurationIndex = meta.ConfigurationIndex;
        copy.Working.Configuration = Read(reader);
        if (meta.ConfigurationIndex != 0 && copy.Working.Configuration.Length == 0)
        {
            throw BucketStoreException.Corrupt($"the configuration of entry {meta.ConfigurationIndex} is gone");
        }
    }

    public void ShowIn(StateView view, StateCopy copy)
    {
        view.Configuration = copy.Working.Configuration;
        view.ConfigurationIndex = copy.Working.ConfigurationIndex;
    }

    public Action<FlushWriter> TakeUnflushed(StateCopy copy)
    {
        if (copy.Working.ConfigurationIndex == 0)
        {
            return static _ => { };
        }

        var configuration = copy.Working.Configuration;
        return writer =>
        {
            writer.NewValue().Raw(configuration);
            writer.PutSealed(Bucket.Members, Key);
        };
    }

    public string? Audit(StateAudit audit) =>
        audit.StoreOfView is { } reader && !Read(reader).AsSpan().SequenceEqual(audit.View.Configuration.Span)
            ? $"the stored configuration is not that of entry {audit.View.ConfigurationIndex}"
            : null;

    /// <returns>Empty where none was stored yet.</returns>
    public static byte[] Read(IBucketReader reader) => reader.TryGet(Bucket.Members, Key, out var stored)
        ? StoredChecksum.Open(Bucket.Members, Key, stored).ToArray()
        : [];
}
