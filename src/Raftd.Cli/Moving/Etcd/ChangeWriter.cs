// Changes of the source into the target, in their order.
//
// What belongs to one revision of the source is added as one group, and is one transaction of the target with those before it,
// as far as it fits: 128 operations, 1 MiB, each key once. A larger value goes alone, by REST. A transaction whose outcome is
// unknown is sent again before any that follows it: nothing else writes to these keys.

using Google.Protobuf;
using Raftd.Api;
using Raftd.Api.Wire;

namespace Raftd.Cli.Moving.Etcd;

internal sealed class ChangeWriter(Remote target, Progress progress, string doing)
{
    private readonly List<Change> _batch = [];
    private readonly HashSet<ByteString> _keys = [];
    private long _batchBytes;

    public Task AddAsync(Change change, CancellationToken stop) => AddAsync([change], stop);

    /// <param name="group">Of one revision.</param>
    public async Task AddAsync(IReadOnlyList<Change> group, CancellationToken stop)
    {
        var fits = _batch.Count + group.Count <= Contract.Bounds.MaxTxnOperations
            && _batchBytes + group.Sum(static change => change.Bytes) <= KeyWriter.MaxBatchBytes
            && !group.Any(change => _keys.Contains(change.Key));
        if (!fits)
        {
            await FlushAsync(stop);
        }

        foreach (var change in group)
        {
            await AddOneAsync(change, stop);
        }
    }

    public async Task FlushAsync(CancellationToken stop)
    {
        if (_batch.Count == 0)
        {
            return;
        }

        var txn = new TxnRequest();
        txn.Success.AddRange(_batch.Select(static change => change.Operation));
        try
        {
            await target.CallAsync(EtcdMethods.Txn, txn, TxnResponse.Parser, stop);
        }
        catch (GrpcFailure refused)
        {
            throw Refusal(refused.Message, _batch.MaxBy(static change => change.Bytes)!);
        }

        progress.Add(doing, _batch.Count, _batchBytes);
        _batch.Clear();
        _keys.Clear();
        _batchBytes = 0;
    }

    private async Task AddOneAsync(Change change, CancellationToken stop)
    {
        if (_batch.Count == Contract.Bounds.MaxTxnOperations || _batchBytes + change.Bytes > KeyWriter.MaxBatchBytes)
        {
            await FlushAsync(stop);
        }

        if (change.Bytes > KeyWriter.MaxBatchBytes && change.Value is not null && change.Key.Length <= ApiOptions.DefaultMaxKeyBytes)
        {
            await PutLargeAsync(target, change.Key, change.Value, lease: 0, stop);
            progress.Add(doing, 1, change.Bytes);
            return;
        }

        _batch.Add(change);
        _keys.Add(change.Key);
        _batchBytes += change.Bytes;
    }

    /// <summary>One key, of a value of any size.</summary>
    public static async Task PutLargeAsync(Remote target, ByteString key, ByteString value, long lease, CancellationToken stop)
    {
        var path = KeyPaths.Of(key) + (lease == 0 ? "" : $"&lease={lease}");
        var answer = await target.RestAsync(HttpMethod.Put, path, value.ToByteArray(), stop);
        if (answer.Status is < 200 or > 299)
        {
            throw Refusal(answer.ErrorText, new Change(key, value));
        }
    }

    private static MoveException Refusal(string text, Change largest) => new(
        $"the target refused {MovedKey.NameOf(largest.Key)} ({largest.Key.Length} bytes of name and {largest.Value?.Length ?? 0} of value), "
        + $"or what came with it: {text}",
        "mend what it says (-max-value-bytes and -quota-bytes of the target bound values and room), then give the same command again");
}
