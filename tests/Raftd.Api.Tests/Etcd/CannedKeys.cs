using Raftd.Contract;

namespace Raftd.Api.Tests.Etcd;

/// <summary>Answers what the test says, and nothing else.</summary>
internal sealed class CannedKeys : IKeyValueService
{
    public Func<RangeRequest, RangeResponse> Range { get; init; } = _ => throw new NotSupportedException();

    public Func<TxnRequest, TxnResponse> Txn { get; init; } = _ => throw new NotSupportedException();

    public Func<PutRequest, ValueTask<PutResponse>> Put { get; init; } = _ => throw new NotSupportedException();

    public ValueTask<RangeResponse> RangeAsync(Caller caller, RangeRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Range(request));

    public ValueTask<PutResponse> PutAsync(Caller caller, PutRequest request, CancellationToken cancellationToken) => Put(request);

    public ValueTask<DeleteRangeResponse> DeleteRangeAsync(
        Caller caller, DeleteRangeRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<TxnResponse> TxnAsync(Caller caller, TxnRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Txn(request));

    public ValueTask<CompactResponse> CompactAsync(Caller caller, CompactRequest request, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public ValueTask<RangeResponse?> WaitAsync(Caller caller, WaitRequest request, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
