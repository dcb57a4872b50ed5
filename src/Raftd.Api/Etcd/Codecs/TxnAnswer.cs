using Raftd.Contract;

namespace Raftd.Api.Etcd.Codecs;

/// <summary>The answer of a transaction as its message. Headers within it say the revision alone, and those of nested
/// transactions nothing.</summary>
internal readonly struct TxnAnswer : IEncodedAnswer
{
    private readonly AnswerHeader _header;
    private readonly TxnResponse _answer;

    /// <summary>Of each part on all levels, in the order in which they are written: each level counted anew would make the
    /// work grow with the depth.</summary>
    private readonly List<int> _sizes;

    public TxnAnswer(AnswerHeader header, TxnResponse answer)
    {
        (_header, _answer) = (header, answer);
        _sizes = new List<int>(answer.Responses.Count);
        Bytes = SizeOf(header, answer, _sizes);
    }

    public int Bytes { get; }

    public void WriteTo(ref ProtoWriter writer)
    {
        var next = 0;
        Write(ref writer, _header, _answer, ref next);
    }

    private static int SizeOf(AnswerHeader header, TxnResponse answer, List<int> sizes)
    {
        var bytes = ProtoSize.Message(Wire.TxnResponse.HeaderFieldNumber, header.Bytes)
            + ProtoSize.Flag(Wire.TxnResponse.SucceededFieldNumber, answer.Succeeded);
        for (var i = 0; i < answer.Responses.Count; i++)
        {
            var at = sizes.Count;
            sizes.Add(0);
            sizes[at] = SizeOf(answer.Responses[i], sizes);
            bytes += ProtoSize.Message(Wire.TxnResponse.ResponsesFieldNumber, OperationBytes(answer.Responses[i], sizes[at]));
        }

        return bytes;
    }

    private static int SizeOf(TxnOperationResponse answer, List<int> sizes) => answer switch
    {
        { Range: { } range } => Of(range).Bytes,
        { Put: { } put } => Of(put).Bytes,
        { DeleteRange: { } deleted } => Of(deleted).Bytes,
        _ => SizeOf(default, answer.Txn!, sizes),
    };

    private void Write(ref ProtoWriter writer, AnswerHeader header, TxnResponse answer, ref int next)
    {
        header.WriteTo(ref writer, Wire.TxnResponse.HeaderFieldNumber);
        writer.Flag(Wire.TxnResponse.SucceededFieldNumber, answer.Succeeded);
        for (var i = 0; i < answer.Responses.Count; i++)
        {
            var operation = answer.Responses[i];
            var bytes = _sizes[next++];
            writer.Message(Wire.TxnResponse.ResponsesFieldNumber, OperationBytes(operation, bytes));
            writer.Message(FieldOf(operation), bytes);
            Write(ref writer, operation, ref next);
        }
    }

    private void Write(ref ProtoWriter writer, TxnOperationResponse answer, ref int next)
    {
        switch (answer)
        {
            case { Range: { } range }:
                Of(range).WriteTo(ref writer);
                break;
            case { Put: { } put }:
                Of(put).WriteTo(ref writer);
                break;
            case { DeleteRange: { } deleted }:
                Of(deleted).WriteTo(ref writer);
                break;
            default:
                Write(ref writer, default, answer.Txn!, ref next);
                break;
        }
    }

    private static int OperationBytes(TxnOperationResponse answer, int bytes) => ProtoSize.Message(FieldOf(answer), bytes);

    private static int FieldOf(TxnOperationResponse answer) => answer switch
    {
        { Range: not null } => Wire.ResponseOp.ResponseRangeFieldNumber,
        { Put: not null } => Wire.ResponseOp.ResponsePutFieldNumber,
        { DeleteRange: not null } => Wire.ResponseOp.ResponseDeleteRangeFieldNumber,
        _ => Wire.ResponseOp.ResponseTxnFieldNumber,
    };

    private static RangeAnswer Of(RangeResponse answer) => new(new AnswerHeader(default, answer.Revision), answer);

    private static PutAnswer Of(PutResponse answer) => new(new AnswerHeader(default, answer.Revision), answer);

    private static DeleteRangeAnswer Of(DeleteRangeResponse answer) => new(new AnswerHeader(default, answer.Revision), answer);
}
