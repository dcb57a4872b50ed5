using Raftd.Contract;

namespace Raftd.Api.Etcd.Codecs;

/// <summary>Reads key requests from the wire as the contract has them. Nothing is checked here but the form: see KeyRequests.
/// Their keys and values are parts of the message.</summary>
internal static class KeyRequestReader
{
    /// <param name="message">At its beginning.</param>
    /// <param name="maxBytes">Of the items.</param>
    /// <param name="isInTxn">Within a transaction a revision below 0 is one that has been compacted, as etcd has it; else it is
    /// the newest.</param>
    public static RangeRequest ReadRange(ProtoReader message, long maxBytes, bool isInTxn = false)
    {
        ReadOnlyMemory<byte> key = default, rangeEnd = default;
        long limit = 0, revision = 0, minMod = 0, maxMod = 0, minCreate = 0, maxCreate = 0;
        int sortOrder = 0, sortTarget = 0;
        bool serializable = false, keysOnly = false, countOnly = false;
        while (message.Next())
        {
            switch (message.Field)
            {
                case Wire.RangeRequest.KeyFieldNumber: message.Read(ref key); break;
                case Wire.RangeRequest.RangeEndFieldNumber: message.Read(ref rangeEnd); break;
                case Wire.RangeRequest.LimitFieldNumber: message.Read(ref limit); break;
                case Wire.RangeRequest.RevisionFieldNumber: message.Read(ref revision); break;
                case Wire.RangeRequest.SortOrderFieldNumber: message.Read(ref sortOrder); break;
                case Wire.RangeRequest.SortTargetFieldNumber: message.Read(ref sortTarget); break;
                case Wire.RangeRequest.SerializableFieldNumber: message.Read(ref serializable); break;
                case Wire.RangeRequest.KeysOnlyFieldNumber: message.Read(ref keysOnly); break;
                case Wire.RangeRequest.CountOnlyFieldNumber: message.Read(ref countOnly); break;
                case Wire.RangeRequest.MinModRevisionFieldNumber: message.Read(ref minMod); break;
                case Wire.RangeRequest.MaxModRevisionFieldNumber: message.Read(ref maxMod); break;
                case Wire.RangeRequest.MinCreateRevisionFieldNumber: message.Read(ref minCreate); break;
                case Wire.RangeRequest.MaxCreateRevisionFieldNumber: message.Read(ref maxCreate); break;
                default: message.Skip(); break;
            }
        }

        return new RangeRequest
        {
            Key = key,
            RangeEnd = rangeEnd,
            Revision = isInTxn ? revision : Math.Max(revision, 0),
            Limit = Math.Max(limit, 0),
            MaxBytes = maxBytes,
            CountOnly = countOnly,
            KeysOnly = keysOnly,
            Level = serializable ? ReadLevel.Stale : ReadLevel.Linearizable,
            SortTarget = (SortTarget)sortTarget,
            SortOrder = (SortOrder)sortOrder,
            MinModRevision = minMod,
            MaxModRevision = maxMod,
            MinCreateRevision = minCreate,
            MaxCreateRevision = maxCreate,
        };
    }

    public static PutRequest ReadPut(ProtoReader message)
    {
        ReadOnlyMemory<byte> key = default, value = default;
        long lease = 0;
        bool prevKv = false, ignoreValue = false, ignoreLease = false;
        while (message.Next())
        {
            switch (message.Field)
            {
                case Wire.PutRequest.KeyFieldNumber: message.Read(ref key); break;
                case Wire.PutRequest.ValueFieldNumber: message.Read(ref value); break;
                case Wire.PutRequest.LeaseFieldNumber: message.Read(ref lease); break;
                case Wire.PutRequest.PrevKvFieldNumber: message.Read(ref prevKv); break;
                case Wire.PutRequest.IgnoreValueFieldNumber: message.Read(ref ignoreValue); break;
                case Wire.PutRequest.IgnoreLeaseFieldNumber: message.Read(ref ignoreLease); break;
                default: message.Skip(); break;
            }
        }

        return new PutRequest
        {
            Key = key,
            Value = value,
            Lease = lease,
            ReturnPrevious = prevKv,
            KeepValue = ignoreValue,
            KeepLease = ignoreLease,
        };
    }

    public static DeleteRangeRequest ReadDeleteRange(ProtoReader message)
    {
        ReadOnlyMemory<byte> key = default, rangeEnd = default;
        var prevKv = false;
        while (message.Next())
        {
            switch (message.Field)
            {
                case Wire.DeleteRangeRequest.KeyFieldNumber: message.Read(ref key); break;
                case Wire.DeleteRangeRequest.RangeEndFieldNumber: message.Read(ref rangeEnd); break;
                case Wire.DeleteRangeRequest.PrevKvFieldNumber: message.Read(ref prevKv); break;
                default: message.Skip(); break;
            }
        }

        return new DeleteRangeRequest { Key = key, RangeEnd = rangeEnd, ReturnPrevious = prevKv };
    }
}
