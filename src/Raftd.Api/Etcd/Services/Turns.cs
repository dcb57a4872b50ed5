// Locks and elections are both queues: the client with the oldest key under a name has its turn.
//
//   1. A client's key is `name/lease`, with its lease attached. It is created if it is not there; a client that asks again
//      with its lease finds its place, and takes no other.
//   2. The client waits for the deletion of the key that was created just before its own, and looks again. So a deletion
//      wakes one client and not all.
//   3. With no older key left, it is the client's turn. A client that gives up before that takes its key back.
//
// All of it goes through the contract, with the client's rights: a member that falls leaves nothing behind that a lease does
// not end.

using System.Text;
using Raftd.Contract;

namespace Raftd.Api.Etcd.Services;

/// <summary>The queue under a name.</summary>
internal sealed class Turns(ApiServices services)
{
    private const long SecondsWithoutALease = 60;

    /// <summary>A place in the queue.</summary>
    /// <param name="Prefix">Of all keys of the queue.</param>
    /// <param name="Key">The client's.</param>
    /// <param name="Lease">The key's.</param>
    /// <param name="CreateRevision">Of the key: what is older comes first.</param>
    /// <param name="Revision">At which it was looked up.</param>
    /// <param name="IsNew">The key was created just now.</param>
    /// <param name="Value">What the key had before; empty where it is new.</param>
    public sealed record Place(
        byte[] Prefix, byte[] Key, long Lease, long CreateRevision, long Revision, bool IsNew, ReadOnlyMemory<byte> Value);

    public static byte[] PrefixOf(ReadOnlySpan<byte> name) => [.. name, (byte)'/'];

    /// <summary>The end of a prefix's range. `/` has one behind it.</summary>
    public static byte[] EndOf(ReadOnlySpan<byte> prefix) => [.. prefix[..^1], (byte)('/' + 1)];

    /// <summary>The oldest key of the queue; the answer has one item, or none.</summary>
    public static RangeRequest First(byte[] prefix) => new()
    {
        Key = prefix,
        RangeEnd = EndOf(prefix),
        SortTarget = SortTarget.CreateRevision,
        SortOrder = SortOrder.Ascending,
        Limit = 1,
    };

    public static Compare IsCreatedAt(ReadOnlyMemory<byte> key, long revision) =>
        new() { Key = key, Target = CompareTarget.CreateRevision, Result = CompareResult.Equal, Number = revision };

    /// <param name="call">Its caller takes the place.</param>
    /// <param name="name">The queue's.</param>
    /// <param name="lease">0 for one that ends by itself after a minute.</param>
    /// <param name="value">Of a new key.</param>
    public async ValueTask<Place> TakeAsync(EtcdCall call, ReadOnlyMemory<byte> name, long lease, ReadOnlyMemory<byte> value)
    {
        var own = await LeaseAsync(call, lease);
        var prefix = PrefixOf(name.Span);
        byte[] key = [.. prefix, .. Encoding.ASCII.GetBytes(HexOf(own))];
        var answer = await call.Keyspace.Keys.TxnAsync(
            call.Caller,
            new TxnRequest
            {
                Compares = [IsCreatedAt(key, 0)],
                Success = [new TxnOperation { Put = new PutRequest { Key = key, Value = value, Lease = own } }],
                Failure = [new TxnOperation { Range = new RangeRequest { Key = key } }],
            },
            call.Deadline);
        if (answer.Succeeded)
        {
            return new Place(prefix, key, own, answer.Revision, answer.Revision, IsNew: true, Value: default);
        }

        var found = answer.Responses[0].Range!.Items[0];
        return new Place(prefix, key, own, found.CreateRevision, answer.Revision, IsNew: false, found.Value);
    }

    /// <summary>Ends when it is the place's turn. A client that gives up while it waits loses the place.</summary>
    /// <returns>The revision at which no older key was left.</returns>
    public async ValueTask<long> AwaitAsync(EtcdCall call, Place place)
    {
        try
        {
            while (true)
            {
                var before = await call.Keyspace.Keys.RangeAsync(call.Caller, JustBefore(place), call.Ended);
                if (before.Items.Count == 0)
                {
                    return before.Revision;
                }

                var older = before.Items[0];
                await call.Keyspace.Keys.WaitAsync(
                    call.Caller,
                    new WaitRequest { Key = older.Key, AfterRevision = older.ModRevision, TimeLimit = services.Options.MaxWait, MaxValueBytes = 0 },
                    call.Ended);
            }
        }
        catch (Exception)
        {
            // Its client will not learn that its turn has come, and the others would wait for it in vain.
            await call.Keyspace.Keys.DeleteRangeAsync(call.Caller, new DeleteRangeRequest { Key = place.Key }, CancellationToken.None);
            throw;
        }
    }

    /// <summary>The newest of the keys that are older.</summary>
    private static RangeRequest JustBefore(Place place) => new()
    {
        Key = place.Prefix,
        RangeEnd = EndOf(place.Prefix),
        MaxCreateRevision = place.CreateRevision - 1,
        SortTarget = SortTarget.CreateRevision,
        SortOrder = SortOrder.Descending,
        Limit = 1,
        MaxValueBytes = 0,
    };

    /// <summary>One that is given is renewed once: its client renews it from there on.</summary>
    private async ValueTask<long> LeaseAsync(EtcdCall call, long lease)
    {
        if (lease != 0)
        {
            return (await call.Keyspace.Leases.KeepAliveAsync(call.Caller, new LeaseKeepAliveRequest { Id = lease }, call.Deadline)).Id;
        }

        var request = new LeaseGrantRequest { Name = "", TtlSeconds = SecondsWithoutALease, Kind = LeaseKind.Etcd };
        return (await call.Keyspace.Leases.GrantAsync(call.Caller, request, call.Deadline)).Id;
    }

    /// <summary>As Go prints it: a sign, and no zeros in front.</summary>
    private static string HexOf(long number) => number >= 0 ? $"{number:x}" : $"-{unchecked((ulong)-number):x}";
}
