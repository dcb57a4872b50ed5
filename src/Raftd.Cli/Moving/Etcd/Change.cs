using Google.Protobuf;
using Raftd.Api.Wire;

namespace Raftd.Cli.Moving.Etcd;

/// <summary>A key that is put without a lease, or deleted.</summary>
/// <param name="Value">Null deletes.</param>
internal sealed record Change(ByteString Key, ByteString? Value)
{
    private const int OperationBytes = 32;

    /// <summary>Of the message.</summary>
    public long Bytes => Key.Length + (Value?.Length ?? 0) + OperationBytes;

    public RequestOp Operation => Value is null
        ? new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = Key } }
        : new RequestOp { RequestPut = new PutRequest { Key = Key, Value = Value } };
}
