// A renewal of a lease: the message that a member gets most.

namespace Raftd.Api.Etcd.Codecs;

internal static class KeepAliveReader
{
    public static long ReadId(ProtoReader message)
    {
        var id = 0L;
        while (message.Next())
        {
            if (message.Field == Wire.LeaseKeepAliveRequest.IDFieldNumber)
            {
                message.Read(ref id);
            }
            else
            {
                message.Skip();
            }
        }

        return id;
    }
}

internal readonly struct KeepAliveAnswer(AnswerHeader header, long id, long ttlSeconds) : IEncodedAnswer
{
    public int Bytes { get; } =
        ProtoSize.Message(Wire.LeaseKeepAliveResponse.HeaderFieldNumber, header.Bytes)
        + ProtoSize.Number(Wire.LeaseKeepAliveResponse.IDFieldNumber, id)
        + ProtoSize.Number(Wire.LeaseKeepAliveResponse.TTLFieldNumber, ttlSeconds);

    public void WriteTo(ref ProtoWriter writer)
    {
        header.WriteTo(ref writer, Wire.LeaseKeepAliveResponse.HeaderFieldNumber);
        writer.Number(Wire.LeaseKeepAliveResponse.IDFieldNumber, id);
        writer.Number(Wire.LeaseKeepAliveResponse.TTLFieldNumber, ttlSeconds);
    }
}
