// A version of a key within results: key, value, create revision, mod revision, version, lease. Several: count, version*.

using Raftd.Contract;
using Raftd.State.Wire;

namespace Raftd.State.Commands;

internal static class KeyValueCodec
{
    private const int LeastBytes = 6;

    public static void Write(WireWriter writer, KeyValue version)
    {
        writer.Bytes(version.Key.Span);
        writer.Bytes(version.Value.Span);
        writer.Number(version.CreateRevision);
        writer.Number(version.ModRevision);
        writer.Number(version.Version);
        writer.Number(version.Lease);
    }

    public static KeyValue Read(ref WireReader reader) => new()
    {
        Key = reader.Bytes(),
        Value = reader.Bytes(),
        CreateRevision = reader.Number(),
        ModRevision = reader.Number(),
        Version = reader.Number(),
        Lease = reader.Number(),
    };

    public static void WriteAll(WireWriter writer, IReadOnlyList<KeyValue> versions)
    {
        writer.Number(versions.Count);
        foreach (var version in versions)
        {
            Write(writer, version);
        }
    }

    public static IReadOnlyList<KeyValue> ReadAll(ref WireReader reader)
    {
        var versions = new KeyValue[reader.Count(LeastBytes)];
        for (var i = 0; i < versions.Length && !reader.Failed; i++)
        {
            versions[i] = Read(ref reader);
        }

        return versions;
    }
}
