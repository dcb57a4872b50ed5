using Raftd.Contract;

namespace Raftd.Api.Tests.Etcd;

/// <summary>Answers nothing, and looks at no token.</summary>
internal sealed class HangingKeys : IKeyValueService
{
    public ValueTask<RangeResponse> RangeAsync(Caller caller, RangeRequest request, CancellationToken cancellationToken) =>
        Never<RangeResponse>();

    public ValueTask<PutResponse> PutAsync(Caller caller, PutRequest request, CancellationToken cancellationToken) =>
        Never<PutResponse>();

    public ValueTask<DeleteRangeResponse> DeleteRangeAsync(
        Caller caller, DeleteRangeRequest request, CancellationToken cancellationToken) => Never<DeleteRangeResponse>();

    public ValueTask<TxnResponse> TxnAsync(Caller caller, TxnRequest request, CancellationToken cancellationToken) =>
        Never<TxnResponse>();

    public ValueTask<CompactResponse> CompactAsync(Caller caller, CompactRequest request, CancellationToken cancellationToken) =>
        Never<CompactResponse>();

    public ValueTask<RangeResponse?> WaitAsync(Caller caller, WaitRequest request, CancellationToken cancellationToken) =>
        Never<RangeResponse?>();

    private static ValueTask<T> Never<T>() => new(new TaskCompletionSource<T>().Task);
}
