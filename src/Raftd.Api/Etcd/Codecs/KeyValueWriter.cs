using Raftd.Contract;

namespace Raftd.Api.Etcd.Codecs;

/// <summary>Writes versions of keys within answers.</summary>
internal static class KeyValueWriter
{
    // A message has less than 2 GiB, and what stands around the list has to fit too.
    private const int MaxListBytes = 1 << 30;

    /// <summary>With its tag and length; nothing for none.</summary>
    public static int Size(int field, KeyValue? item) => item is null ? 0 : ProtoSize.Message(field, Size(item));

    /// <exception cref="EtcdException">They are more than a message may have: each has some bytes that the limits of ranges do not
    /// count.</exception>
    public static int Size(int field, IReadOnlyList<KeyValue> items)
    {
        var bytes = 0L;
        for (var i = 0; i < items.Count; i++)
        {
            bytes += Size(field, items[i]);
        }

        if (bytes > MaxListBytes)
        {
            EtcdStatus.AnswerTooLarge(MaxListBytes).Throw();
        }

        return (int)bytes;
    }

    public static void Write(ref ProtoWriter writer, int field, KeyValue? item)
    {
        if (item is null)
        {
            return;
        }

        writer.Message(field, Size(item));
        writer.Bytes(Wire.KeyValue.KeyFieldNumber, item.Key.Span);
        writer.Number(Wire.KeyValue.CreateRevisionFieldNumber, item.CreateRevision);
        writer.Number(Wire.KeyValue.ModRevisionFieldNumber, item.ModRevision);
        writer.Number(Wire.KeyValue.VersionFieldNumber, item.Version);
        writer.Bytes(Wire.KeyValue.ValueFieldNumber, item.Value.Span);
        writer.Number(Wire.KeyValue.LeaseFieldNumber, item.Lease);
    }

    public static void Write(ref ProtoWriter writer, int field, IReadOnlyList<KeyValue> items)
    {
        for (var i = 0; i < items.Count; i++)
        {
            Write(ref writer, field, items[i]);
        }
    }

    private static int Size(KeyValue item) =>
        ProtoSize.Bytes(Wire.KeyValue.KeyFieldNumber, item.Key.Length)
        + ProtoSize.Number(Wire.KeyValue.CreateRevisionFieldNumber, item.CreateRevision)
        + ProtoSize.Number(Wire.KeyValue.ModRevisionFieldNumber, item.ModRevision)
        + ProtoSize.Number(Wire.KeyValue.VersionFieldNumber, item.Version)
        + ProtoSize.Bytes(Wire.KeyValue.ValueFieldNumber, item.Value.Length)
        + ProtoSize.Number(Wire.KeyValue.LeaseFieldNumber, item.Lease);
}
