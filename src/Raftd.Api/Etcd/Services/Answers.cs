using Google.Protobuf;
using Raftd.Contract;

namespace Raftd.Api.Etcd.Services;

/// <summary>What the answers of all services have in common.</summary>
internal static class Answers
{
    public static Wire.ResponseHeader HeaderOf(EtcdCall call, long revision)
    {
        var origin = call.Keyspace.Cluster.Origin;
        return new Wire.ResponseHeader
        {
            ClusterId = origin.ClusterId,
            MemberId = origin.MemberId,
            RaftTerm = origin.Term,
            Revision = revision,
        };
    }

    public static Wire.KeyValue Of(KeyValue item) => new()
    {
        Key = Bytes(item.Key),
        Value = Bytes(item.Value),
        CreateRevision = item.CreateRevision,
        ModRevision = item.ModRevision,
        Version = item.Version,
        Lease = item.Lease,
    };

    /// <summary>Not copied: what the contract answers is its reader's.</summary>
    public static ByteString Bytes(ReadOnlyMemory<byte> bytes) => UnsafeByteOperations.UnsafeWrap(bytes);
}
