using Raftd.Contract;

namespace Raftd.Api.Etcd.Services;

/// <summary>The fields of key requests, on their own and within transactions: checked in etcd's order, then mapped.</summary>
internal static class KeyRequests
{
    // What stands in etcd's log around a request, found by trying: a value of 1 572 836 bytes under a key of three passes.
    private const int EntryHeadBytes = 18;

    public static void Check(Wire.RangeRequest request)
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

    public static void Check(Wire.PutRequest request)
    {
        if (request.Key.IsEmpty)
        {
            EtcdStatus.EmptyKey.Throw();
        }

        if (request.IgnoreValue && !request.Value.IsEmpty)
        {
            EtcdStatus.ValueProvided.Throw();
        }

        if (request.IgnoreLease && request.Lease != 0)
        {
            EtcdStatus.LeaseProvided.Throw();
        }
    }

    public static void Check(Wire.DeleteRangeRequest request)
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

    public static void CheckValue(Wire.PutRequest request, ApiOptions options)
    {
        if (request.Value.Length > options.MaxValueBytes)
        {
            EtcdStatus.RequestTooLarge.Throw();
        }
    }

    /// <remarks>Within a transaction a revision below 0 is one that has been compacted, as etcd has it.</remarks>
    public static RangeRequest Of(Wire.RangeRequest request, ApiOptions options, bool isInTxn = false) => new()
    {
        Key = request.Key.Memory,
        RangeEnd = request.RangeEnd.Memory,
        Revision = isInTxn ? request.Revision : Math.Max(request.Revision, 0),
        Limit = Math.Max(request.Limit, 0),
        MaxBytes = options.MaxAnswersInFlightBytes,
        CountOnly = request.CountOnly,
        KeysOnly = request.KeysOnly,
        Level = request.Serializable ? ReadLevel.Stale : ReadLevel.Linearizable,
        SortTarget = (SortTarget)request.SortTarget,
        SortOrder = (SortOrder)request.SortOrder,
        MinModRevision = request.MinModRevision,
        MaxModRevision = request.MaxModRevision,
        MinCreateRevision = request.MinCreateRevision,
        MaxCreateRevision = request.MaxCreateRevision,
    };

    public static PutRequest Of(Wire.PutRequest request) => new()
    {
        Key = request.Key.Memory,
        Value = request.Value.Memory,
        Lease = request.Lease,
        ReturnPrevious = request.PrevKv,
        KeepValue = request.IgnoreValue,
        KeepLease = request.IgnoreLease,
    };

    public static DeleteRangeRequest Of(Wire.DeleteRangeRequest request) => new()
    {
        Key = request.Key.Memory,
        RangeEnd = request.RangeEnd.Memory,
        ReturnPrevious = request.PrevKv,
    };
}
