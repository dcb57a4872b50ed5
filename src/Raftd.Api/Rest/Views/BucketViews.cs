using Raftd.Contract;

namespace Raftd.Api.Rest.Views;

internal sealed record BucketListView(IReadOnlyList<BucketView> Buckets);

/// <summary>One bucket.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">Its number, which no other one ever gets.</param>
/// <param name="ClusterId">As etcd's clients see it: each bucket is a cluster of its own to them.</param>
/// <param name="Revision">The newest.</param>
/// <param name="Keys">Keys that live.</param>
/// <param name="Leader">Who leads it; 0 while none does.</param>
internal sealed record BucketView(string Name, string Id, string ClusterId, string Revision, long Keys, string Leader)
{
    public static BucketView Of(BucketStatus bucket) => new(
        bucket.Name,
        RestCall.Format(bucket.Id),
        MemberView.Format(bucket.ClusterId),
        RestCall.Format(bucket.Revision),
        bucket.KeyCount,
        MemberView.Format(bucket.Leader));
}
