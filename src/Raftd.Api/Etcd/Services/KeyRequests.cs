using Raftd.Contract;

namespace Raftd.Api.Etcd.Services;

/// <summary>The checks of key requests, on their own and within transactions, in etcd's order.</summary>
internal static class KeyRequests
{
    // What stands in etcd's log around a request, found by trying: a value of 1 572 836 bytes under a key of three passes.
    private const int EntryHeadBytes = 18;

    public static void Check(RangeRequest request)
    {
        if (request.Key.IsEmpty)
        {
            EtcdStatus.EmptyKey.Throw();
        }

        if (!Enum.IsDefined(request.SortOrder) || !Enum.IsDefined(request.SortTarget))
        {
            EtcdStatus.InvalidSortOption.Throw();
        }
    }

    public static void Check(PutRequest request)
    {
        if (request.Key.IsEmpty)
        {
            EtcdStatus.EmptyKey.Throw();
        }

        if (request.KeepValue && !request.Value.IsEmpty)
        {
            EtcdStatus.ValueProvided.Throw();
        }

        if (request.KeepLease && request.Lease != 0)
        {
            EtcdStatus.LeaseProvided.Throw();
        }
    }

    public static void Check(DeleteRangeRequest request)
    {
        if (request.Key.IsEmpty)
        {
            EtcdStatus.EmptyKey.Throw();
        }
    }

    /// <summary>Of the request whole, as it would stand in the log.</summary>
    public static void CheckSize(int requestBytes, ApiOptions options)
    {
        if (requestBytes + EntryHeadBytes > options.MaxRequestBytes)
        {
            EtcdStatus.RequestTooLarge.Throw();
        }
    }

    /// <summary>What etcd has no limit for: its own text would not say which one it is.</summary>
    public static void CheckLimits(PutRequest request, EtcdCall call, ApiOptions options)
    {
        var limits = call.Keyspace.Cluster.Limits;
        if (request.Value.Length > Math.Min(options.MaxValueBytes, limits.MaxValueBytes))
        {
            EtcdStatus.RequestTooLarge.Throw();
        }

        limits.RequireKey(request.Key.Length);
    }
}
