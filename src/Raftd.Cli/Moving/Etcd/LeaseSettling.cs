// Gives the keys their leases, once they are those of one revision of the source.
//
// A lease that was granted at the beginning of a copy could end before the copy does, and take keys with it that live on at the
// source. So keys are copied without leases. Now each lease gets the id that it has at the source, and the time that it has left
// there; then its keys are put again, with their lease and without their values. A lease that has ended at the source since the
// revision gets one second, and takes its keys with it.

using Google.Protobuf;
using Raftd.Api.Wire;

namespace Raftd.Cli.Moving.Etcd;

internal sealed class LeaseSettling(Remote source, Remote target, KeyRange range, long revision)
{
    /// <summary>Grants under way. Each is an entry of the target's log.</summary>
    private const int GrantsAtOnce = 32;

    private readonly HashSet<long> _granted = [];
    private readonly List<KeyValue> _batch = [];

    public int Leases => _granted.Count;

    public long Keys { get; private set; }

    /// <param name="withOthers">Leases without keys, too.</param>
    public async Task RunAsync(bool withOthers, CancellationToken stop)
    {
        var keys = new KeyPages(source, range, revision, keysOnly: true, stop);
        for (; await keys.PeekAsync() is { } key; keys.Pass())
        {
            if (key.Lease != 0)
            {
                _batch.Add(key);
            }

            if (_batch.Count == Contract.Bounds.MaxTxnOperations)
            {
                await AttachAsync(stop);
            }
        }

        await AttachAsync(stop);
        if (withOthers)
        {
            var all = await source.CallAsync(EtcdMethods.LeaseLeases, new LeaseLeasesRequest(), LeaseLeasesResponse.Parser, stop);
            await GrantAsync(all.Leases.Select(static lease => lease.ID), hasKeys: false, stop);
        }
    }

    private Task GrantAsync(IEnumerable<long> ids, bool hasKeys, CancellationToken stop) => Parallel.ForEachAsync(
        ids.Where(_granted.Add).ToList(),
        new ParallelOptions { MaxDegreeOfParallelism = GrantsAtOnce, CancellationToken = stop },
        async (id, each) => await GrantAsync(id, hasKeys, each));

    /// <summary>Seconds are told rounded down, and a lease must not end early.</summary>
    private async Task GrantAsync(long id, bool hasKeys, CancellationToken stop)
    {
        var left = await source.CallAsync(
            EtcdMethods.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = id }, LeaseTimeToLiveResponse.Parser, stop);
        if (left.TTL < 0 && !hasKeys)
        {
            return;
        }

        var seconds = left.TTL < 0 ? 1 : Math.Min(left.TTL + 1, left.GrantedTTL);
        try
        {
            await target.CallAsync(
                EtcdMethods.LeaseGrant, new LeaseGrantRequest { ID = id, TTL = seconds }, LeaseGrantResponse.Parser, stop);
        }
        catch (GrpcFailure taken) when (taken.IsTakenLease)
        {
            // By an earlier run of this import, or by a call that was not answered: those of others were looked for at its start.
        }
    }

    private async Task AttachAsync(CancellationToken stop)
    {
        await GrantAsync(_batch.Select(static key => key.Lease), hasKeys: true, stop);
        if (_batch.Count > 0 && !await TryPutAsync(_batch, stop))
        {
            foreach (var key in _batch)
            {
                await AttachOneAsync(key, stop);
            }
        }

        Keys += _batch.Count;
        _batch.Clear();
    }

    /// <returns>False where a key or a lease is missing; then nothing was done.</returns>
    private async Task<bool> TryPutAsync(IReadOnlyList<KeyValue> keys, CancellationToken stop)
    {
        var txn = new TxnRequest();
        txn.Success.AddRange(keys.Select(static key =>
            new RequestOp { RequestPut = new PutRequest { Key = key.Key, IgnoreValue = true, Lease = key.Lease } }));
        try
        {
            await target.CallAsync(EtcdMethods.Txn, txn, TxnResponse.Parser, stop);
            return true;
        }
        catch (GrpcFailure missing) when (missing.IsNoKey || missing.IsNoLease)
        {
            return false;
        }
    }

    private async Task AttachOneAsync(KeyValue key, CancellationToken stop)
    {
        if (await TryPutAsync([key], stop))
        {
            return;
        }

        var lease = await target.CallAsync(
            EtcdMethods.LeaseTimeToLive, new LeaseTimeToLiveRequest { ID = key.Lease }, LeaseTimeToLiveResponse.Parser, stop);
        if (lease.TTL < 0)
        {
            await DeleteAsync(key.Key, stop);
            return;
        }

        // An earlier run had given the lease, and it ended before this one.
        var there = await source.CallAsync(
            EtcdMethods.Range, new RangeRequest { Key = key.Key, Revision = revision }, RangeResponse.Parser, stop);
        await ChangeWriter.PutLargeAsync(target, key.Key, there.Kvs[0].Value, key.Lease, stop);
    }

    private async Task DeleteAsync(ByteString key, CancellationToken stop)
    {
        var txn = new TxnRequest();
        txn.Success.Add(new Change(key, Value: null).Operation);
        await target.CallAsync(EtcdMethods.Txn, txn, TxnResponse.Parser, stop);
    }
}
