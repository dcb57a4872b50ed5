using Raftd.Contract;

namespace Raftd.Api.Etcd.Codecs;

/// <summary>Stands in front of each answer. Within transactions headers say the revision alone, or nothing.</summary>
internal readonly struct AnswerHeader(Origin origin, long revision)
{
    public int Bytes =>
        ProtoSize.Number(Wire.ResponseHeader.ClusterIdFieldNumber, origin.ClusterId)
        + ProtoSize.Number(Wire.ResponseHeader.MemberIdFieldNumber, origin.MemberId)
        + ProtoSize.Number(Wire.ResponseHeader.RevisionFieldNumber, revision)
        + ProtoSize.Number(Wire.ResponseHeader.RaftTermFieldNumber, origin.Term);

    /// <param name="writer">At the beginning of the answer.</param>
    /// <param name="field">The header's number in it.</param>
    public void WriteTo(ref ProtoWriter writer, int field)
    {
        writer.Message(field, Bytes);
        writer.Number(Wire.ResponseHeader.ClusterIdFieldNumber, origin.ClusterId);
        writer.Number(Wire.ResponseHeader.MemberIdFieldNumber, origin.MemberId);
        writer.Number(Wire.ResponseHeader.RevisionFieldNumber, revision);
        writer.Number(Wire.ResponseHeader.RaftTermFieldNumber, origin.Term);
    }
}
