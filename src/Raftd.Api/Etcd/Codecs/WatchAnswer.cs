using System.Text;
using Raftd.Contract;

namespace Raftd.Api.Etcd.Codecs;

/// <summary>What a stream of watches says, as its message. Each event goes to each watcher of its key, so this is written most of
/// all.</summary>
internal readonly struct WatchAnswer() : IEncodedAnswer
{
    /// <summary>Null for a part of a message that stands behind others.</summary>
    public required AnswerHeader? Header { get; init; }

    public long WatchId { get; init; }

    public bool Created { get; init; }

    public bool Canceled { get; init; }

    public long CompactRevision { get; init; }

    public string CancelReason { get; init; } = "";

    public bool Fragment { get; init; }

    public IReadOnlyList<WatchEvent> Events { get; init; } = [];

    public int Bytes =>
        (Header is { } header ? ProtoSize.Message(Wire.WatchResponse.HeaderFieldNumber, header.Bytes) : 0)
        + ProtoSize.Number(Wire.WatchResponse.WatchIdFieldNumber, WatchId)
        + ProtoSize.Flag(Wire.WatchResponse.CreatedFieldNumber, Created)
        + ProtoSize.Flag(Wire.WatchResponse.CanceledFieldNumber, Canceled)
        + ProtoSize.Number(Wire.WatchResponse.CompactRevisionFieldNumber, CompactRevision)
        + ProtoSize.Bytes(Wire.WatchResponse.CancelReasonFieldNumber, Encoding.UTF8.GetByteCount(CancelReason))
        + ProtoSize.Flag(Wire.WatchResponse.FragmentFieldNumber, Fragment)
        + EventBytes();

    public void WriteTo(ref ProtoWriter writer)
    {
        Header?.WriteTo(ref writer, Wire.WatchResponse.HeaderFieldNumber);
        writer.Number(Wire.WatchResponse.WatchIdFieldNumber, WatchId);
        writer.Flag(Wire.WatchResponse.CreatedFieldNumber, Created);
        writer.Flag(Wire.WatchResponse.CanceledFieldNumber, Canceled);
        writer.Number(Wire.WatchResponse.CompactRevisionFieldNumber, CompactRevision);
        writer.Bytes(Wire.WatchResponse.CancelReasonFieldNumber, Encoding.UTF8.GetBytes(CancelReason));
        writer.Flag(Wire.WatchResponse.FragmentFieldNumber, Fragment);
        for (var i = 0; i < Events.Count; i++)
        {
            Write(ref writer, Events[i]);
        }
    }

    private int EventBytes()
    {
        var bytes = 0;
        for (var i = 0; i < Events.Count; i++)
        {
            bytes += ProtoSize.Message(Wire.WatchResponse.EventsFieldNumber, Size(Events[i]));
        }

        return bytes;
    }

    private static int Size(WatchEvent change) =>
        ProtoSize.Number(Wire.Event.TypeFieldNumber, TypeOf(change))
        + KeyValueWriter.Size(Wire.Event.KvFieldNumber, change.Key)
        + KeyValueWriter.Size(Wire.Event.PrevKvFieldNumber, change.Previous);

    private static void Write(ref ProtoWriter writer, WatchEvent change)
    {
        writer.Message(Wire.WatchResponse.EventsFieldNumber, Size(change));
        writer.Number(Wire.Event.TypeFieldNumber, TypeOf(change));
        KeyValueWriter.Write(ref writer, Wire.Event.KvFieldNumber, change.Key);
        KeyValueWriter.Write(ref writer, Wire.Event.PrevKvFieldNumber, change.Previous);
    }

    private static long TypeOf(WatchEvent change) =>
        (long)(change.IsDelete ? Wire.Event.Types.EventType.Delete : Wire.Event.Types.EventType.Put);
}
