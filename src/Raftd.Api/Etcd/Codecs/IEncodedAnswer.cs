using Google.Protobuf;

namespace Raftd.Api.Etcd.Codecs;

/// <summary>An answer that writes itself as Protobuf. A struct, so that it costs nothing by itself.</summary>
internal interface IEncodedAnswer
{
    /// <summary>What WriteTo will write; ask once, for it may have to be counted.</summary>
    int Bytes { get; }

    void WriteTo(ref ProtoWriter writer);
}

/// <summary>A generated message.</summary>
internal readonly struct MessageAnswer(IMessage message) : IEncodedAnswer
{
    public int Bytes { get; } = message.CalculateSize();

    public void WriteTo(ref ProtoWriter writer) => writer.Fields(message, Bytes);
}
