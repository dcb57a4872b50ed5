using Google.Protobuf;
using Raftd.Api.Rest;
using Raftd.Api.Wire;

namespace Raftd.Cli.Moving.Etcd;

/// <summary>The keys that begin with a prefix, as the etcd API names them.</summary>
internal sealed record KeyRange(ByteString Key, ByteString End)
{
    private static readonly ByteString Zero = ByteString.CopyFrom(0);

    public static KeyRange OfPrefix(ByteString prefix) =>
        new(prefix.IsEmpty ? Zero : prefix, ByteString.CopyFrom(KeyRanges.EndOfPrefix(prefix.Span)));

    /// <summary>What is behind a key.</summary>
    public KeyRange Behind(ByteString key) => this with { Key = ByteString.CopyFrom([.. key.Span, 0]) };

    public RangeRequest Request(long revision, long limit, bool keysOnly) =>
        new() { Key = Key, RangeEnd = End, Revision = revision, Limit = limit, KeysOnly = keysOnly };

    /// <summary>The newest revision, how many keys there are, and the name of the first.</summary>
    public Task<RangeResponse> HeadAsync(Remote of, CancellationToken stop) =>
        of.CallAsync(EtcdMethods.Range, Request(revision: 0, limit: 1, keysOnly: true), RangeResponse.Parser, stop);
}
