// The answers of key requests as their messages, on their own and within transactions.

using Raftd.Contract;

namespace Raftd.Api.Etcd.Codecs;

internal readonly struct RangeAnswer(AnswerHeader header, RangeResponse answer) : IEncodedAnswer
{
    public int Bytes { get; } =
        ProtoSize.Message(Wire.RangeResponse.HeaderFieldNumber, header.Bytes)
        + KeyValueWriter.Size(Wire.RangeResponse.KvsFieldNumber, answer.Items)
        + ProtoSize.Flag(Wire.RangeResponse.MoreFieldNumber, answer.More)
        + ProtoSize.Number(Wire.RangeResponse.CountFieldNumber, answer.Count);

    public void WriteTo(ref ProtoWriter writer)
    {
        header.WriteTo(ref writer, Wire.RangeResponse.HeaderFieldNumber);
        KeyValueWriter.Write(ref writer, Wire.RangeResponse.KvsFieldNumber, answer.Items);
        writer.Flag(Wire.RangeResponse.MoreFieldNumber, answer.More);
        writer.Number(Wire.RangeResponse.CountFieldNumber, answer.Count);
    }
}

internal readonly struct PutAnswer(AnswerHeader header, PutResponse answer) : IEncodedAnswer
{
    public int Bytes { get; } =
        ProtoSize.Message(Wire.PutResponse.HeaderFieldNumber, header.Bytes)
        + KeyValueWriter.Size(Wire.PutResponse.PrevKvFieldNumber, answer.Previous);

    public void WriteTo(ref ProtoWriter writer)
    {
        header.WriteTo(ref writer, Wire.PutResponse.HeaderFieldNumber);
        KeyValueWriter.Write(ref writer, Wire.PutResponse.PrevKvFieldNumber, answer.Previous);
    }
}

internal readonly struct DeleteRangeAnswer(AnswerHeader header, DeleteRangeResponse answer) : IEncodedAnswer
{
    public int Bytes { get; } =
        ProtoSize.Message(Wire.DeleteRangeResponse.HeaderFieldNumber, header.Bytes)
        + ProtoSize.Number(Wire.DeleteRangeResponse.DeletedFieldNumber, answer.Deleted)
        + KeyValueWriter.Size(Wire.DeleteRangeResponse.PrevKvsFieldNumber, answer.Previous);

    public void WriteTo(ref ProtoWriter writer)
    {
        header.WriteTo(ref writer, Wire.DeleteRangeResponse.HeaderFieldNumber);
        writer.Number(Wire.DeleteRangeResponse.DeletedFieldNumber, answer.Deleted);
        KeyValueWriter.Write(ref writer, Wire.DeleteRangeResponse.PrevKvsFieldNumber, answer.Previous);
    }
}
