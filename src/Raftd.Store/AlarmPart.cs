using System.Buffers.Binary;
using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.Store.Buckets;

namespace Raftd.Store;

/// <summary>Alarms, few and short. A pair's key is kind, cause (1 byte each), member id (8, big-endian); it has no value.</summary>
internal sealed class AlarmPart : IStatePart
{
    private const int KeyBytes = 10;

    public Bucket Bucket => Bucket.Alarms;

    public void Load(IBucketReader reader, StoredMeta meta, StateCopy copy) => copy.Working.Alarms = Read(reader);

    public void ShowIn(StateView view, StateCopy copy) => view.Alarms = copy.Working.Alarms;

    /// <remarks>The bucket is written anew each time.</remarks>
    public Action<FlushWriter> TakeUnflushed(StateCopy copy)
    {
        var alarms = copy.Working.Alarms;
        return writer => Write(writer, alarms);
    }

    public string? Audit(StateAudit audit) => audit.StoreOfView is { } reader && !Read(reader).SequenceEqual(audit.View.Alarms)
        ? $"{audit.View.Alarms.Count} alarms stand, the stored ones are others"
        : null;

    private static Alarm[] Read(IBucketReader reader)
    {
        var alarms = new List<Alarm>();
        using var cursor = reader.OpenCursor(Bucket.Alarms);
        for (var found = cursor.Seek([]); found; found = cursor.MoveNext())
        {
            StoredChecksum.Open(Bucket.Alarms, cursor.Key, cursor.Value);
            alarms.Add(ReadKey(cursor.Key));
        }

        return [.. alarms];
    }

    private static void Write(FlushWriter writer, Alarm[] alarms)
    {
        writer.DeleteAll(Bucket.Alarms);
        Span<byte> key = stackalloc byte[KeyBytes];
        foreach (var alarm in alarms)
        {
            key[0] = (byte)alarm.Kind;
            key[1] = (byte)alarm.Cause;
            BinaryPrimitives.WriteUInt64BigEndian(key[2..], alarm.MemberId);
            writer.NewValue();
            writer.PutSealed(Bucket.Alarms, key);
        }
    }

    private static Alarm ReadKey(ReadOnlySpan<byte> key) =>
        key.Length == KeyBytes && AlarmCommand.IsAlarm(key[0], key[1])
            ? new Alarm((AlarmKind)key[0], (AlarmCause)key[1], BinaryPrimitives.ReadUInt64BigEndian(key[2..]))
            : throw BucketStoreException.Corrupt($"no alarm has the key {Convert.ToHexString(key)}");
}
