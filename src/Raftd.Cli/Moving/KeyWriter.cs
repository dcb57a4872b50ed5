// Keys into the target, many in a transaction.
//
// The naive way puts what it has, and writes over what is there. Here a transaction puts keys that do not exist, or answers what
// they are; a key that is there with the same value and lease is done. So the same import can be given again, after a crash or a
// call whose outcome is unknown, and a call that takes effect late finds its keys there.
//
// Bounds: a batch has 128 keys and 1 MiB at most, as a transaction of the etcd API may have. A larger value goes alone, by REST.

using Google.Protobuf;
using Raftd.Api;
using Raftd.Api.Wire;

namespace Raftd.Cli.Moving;

/// <param name="target">Where they go.</param>
/// <param name="overwrite">Keys that are there with another value are replaced; otherwise they end the import.</param>
/// <param name="progress">Told of each batch.</param>
internal sealed class KeyWriter(Remote target, bool overwrite, Progress progress)
{
    /// <summary>Of the keys and values of a transaction.</summary>
    public const int MaxBatchBytes = 1 << 20;

    /// <summary>Around a key and its value in a transaction, both numbers of its operations included.</summary>
    private const int OperationBytes = 64;

    private readonly List<MovedKey> _batch = [];
    private readonly HashSet<ByteString> _keys = [];
    private long _batchBytes;

    public long Written { get; private set; }

    public long AlreadyThere { get; private set; }

    public async Task AddAsync(MovedKey key, CancellationToken stop)
    {
        // Its name stands in the compare, in the put, and in the read.
        var bytes = (3L * key.Key.Length) + key.Value.Length + OperationBytes;
        if (_batch.Count == Contract.Bounds.MaxTxnOperations || _batchBytes + bytes > MaxBatchBytes || !_keys.Add(key.Key))
        {
            await FlushAsync(stop);
            _keys.Add(key.Key);
        }

        if (bytes > MaxBatchBytes && key.Key.Length <= ApiOptions.DefaultMaxKeyBytes)
        {
            await PutLargeAsync(key, stop);
            _keys.Clear();
            return;
        }

        _batch.Add(key);
        _batchBytes += bytes;
    }

    /// <summary>Sets a key as the service that renews the lease does, so that it is found by its own name.</summary>
    /// <param name="key">Its name begins with that of the lease, and its id.</param>
    /// <param name="ownName">The rest.</param>
    public async Task AddOfServiceAsync(MovedKey key, ByteString ownName, CancellationToken stop)
    {
        if (await IsThereAsync(key, stop))
        {
            return;
        }

        var answer = await target.RestAsync(
            HttpMethod.Post, $"/lease/keepalive/{key.Lease}?key={KeyPaths.Escape(ownName.Span)}", key.Value.ToByteArray(), stop);
        RequireWritten(answer, key);
    }

    public async Task FlushAsync(CancellationToken stop)
    {
        var rest = _batch.ToList();
        var bytes = _batchBytes;
        _batch.Clear();
        _keys.Clear();
        _batchBytes = 0;
        for (var count = rest.Count; rest.Count > 0;)
        {
            var answer = await SendAsync(rest, stop);
            if (answer.Succeeded)
            {
                Written += rest.Count;
                progress.Add("imported", count, bytes);
                return;
            }

            rest = Missing(rest, answer);
            if (rest.Count == 0)
            {
                progress.Add("imported", count, bytes);
            }
        }
    }

    private async Task<TxnResponse> SendAsync(List<MovedKey> keys, CancellationToken stop)
    {
        var txn = new TxnRequest();
        foreach (var key in keys)
        {
            txn.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = key.Key, Value = key.Value, Lease = key.Lease } });
            if (!overwrite)
            {
                txn.Compare.Add(new Compare { Key = key.Key, Target = Compare.Types.CompareTarget.Create, CreateRevision = 0 });
                txn.Failure.Add(new RequestOp { RequestRange = new RangeRequest { Key = key.Key } });
            }
        }

        try
        {
            return await target.CallAsync(EtcdMethods.Txn, txn, TxnResponse.Parser, stop);
        }
        catch (GrpcFailure refused)
        {
            throw Refusal(refused.Message, keys);
        }
    }

    /// <summary>The keys that are not there; the others are as they have to be.</summary>
    private List<MovedKey> Missing(List<MovedKey> keys, TxnResponse answer)
    {
        var missing = new List<MovedKey>();
        foreach (var (key, there) in keys.Zip(answer.Responses))
        {
            if (there.ResponseRange.Kvs is [var found])
            {
                RequireSame(key, found.Value, found.Lease);
            }
            else
            {
                missing.Add(key);
            }
        }

        return missing;
    }

    private async Task PutLargeAsync(MovedKey key, CancellationToken stop)
    {
        var lease = key.Lease == 0 ? "" : $"&lease={key.Lease}";
        (string, string)[] onlyNew = overwrite ? [] : [("If-None-Match", "*")];
        var answer = await target.RestAsync(HttpMethod.Put, KeyPaths.Of(key.Key) + lease, key.Value.ToByteArray(), stop, onlyNew);
        if (answer.Status != 412)
        {
            RequireWritten(answer, key);
        }
        else if (!await IsThereAsync(key, stop))
        {
            throw new MoveException($"{key.Name} was deleted at the target meanwhile", "let nothing write there until the import has ended");
        }
    }

    private async Task<bool> IsThereAsync(MovedKey key, CancellationToken stop)
    {
        if (overwrite)
        {
            return false;
        }

        var answer = await target.RestAsync(HttpMethod.Get, KeyPaths.Of(key.Key), body: null, stop);
        if (answer.Status == 404)
        {
            return false;
        }

        RequireSame(key, ByteString.CopyFrom(answer.Body), answer.Number("X-Raftd-Lease"));
        progress.Add("imported", 1, key.Key.Length + key.Value.Length);
        return true;
    }

    private void RequireSame(MovedKey key, ByteString value, long lease)
    {
        if (value != key.Value || lease != key.Lease)
        {
            throw new MoveException(
                $"the target has the key {key.Name} with another {(value != key.Value ? "value" : "lease")}; {Written} keys were written before it",
                "give -overwrite to replace what is there, or import into an empty cluster");
        }

        AlreadyThere++;
    }

    private void RequireWritten(RestAnswer answer, MovedKey key)
    {
        if (answer.Status is < 200 or > 299)
        {
            throw Refusal(answer.ErrorText, [key]);
        }

        Written++;
        progress.Add("imported", 1, key.Key.Length + key.Value.Length);
    }

    private MoveException Refusal(string text, List<MovedKey> keys)
    {
        var largest = keys.MaxBy(static key => key.Key.Length + key.Value.Length)!;
        var which = keys.Count == 1 ? $"the key {largest.Name}" : $"{keys.Count} keys, {keys[0].Name} the first of them";
        return new MoveException(
            $"{target.Url} refused {which} ({largest.Key.Length} bytes of name and {largest.Value.Length} of value): {text}; {Written} keys were written before",
            "mend what it says (-max-value-bytes and -quota-bytes of the target bound values and room), then give the same command again");
    }
}
