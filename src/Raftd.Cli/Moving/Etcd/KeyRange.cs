using Google.Protobuf;
using Raftd.Api.Wire;

namespace Raftd.Cli.Moving.Etcd;

/// <summary>The keys that begin with a prefix, as the etcd API names them.</summary>
internal sealed record KeyRange(ByteString Key, ByteString End)
{
    private static readonly ByteString Zero = ByteString.CopyFrom(0);

    public static KeyRange OfPrefix(ByteString prefix)
    {
        var end = prefix.ToByteArray();
        var last = end.AsSpan().LastIndexOfAnyExcept((byte)0xff);
        if (last < 0)
        {
            return new KeyRange(prefix.IsEmpty ? Zero : prefix, Zero);
        }

        end[last]++;
        return new KeyRange(prefix, ByteString.CopyFrom(end.AsSpan(0, last + 1)));
    }

    /// <summary>What is behind a key.</summary>
    public KeyRange Behind(ByteString key) => this with { Key = ByteString.CopyFrom([.. key.Span, 0]) };

    public RangeRequest Request(long revision, long limit) => new() { Key = Key, RangeEnd = End, Revision = revision, Limit = limit };
}
