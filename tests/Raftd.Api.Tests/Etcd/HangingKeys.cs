using Raftd.Contract;

namespace Raftd.Api.Tests.Etcd;

/// <summary>Answers nothing: each call ends when its token is cancelled, as the contract says.</summary>
internal sealed class HangingKeys : IKeyValueService
{
    /// <summary>A compaction looks at no token.</summary>
    public bool IsDeaf { get; init; }

    public ValueTask<RangeResponse> RangeAsync(Caller caller, RangeRequest request, CancellationToken cancellationToken) =>
        Until<RangeResponse>(cancellationToken);

    public ValueTask<PutResponse> PutAsync(Caller caller, PutRequest request, CancellationToken cancellationToken) =>
        Until<PutResponse>(cancellationToken);

    public ValueTask<DeleteRangeResponse> DeleteRangeAsync(
        Caller caller, DeleteRangeRequest request, CancellationToken cancellationToken) => Until<DeleteRangeResponse>(cancellationToken);

    public ValueTask<TxnResponse> TxnAsync(Caller caller, TxnRequest request, CancellationToken cancellationToken) =>
        Until<TxnResponse>(cancellationToken);

    public ValueTask<CompactResponse> CompactAsync(Caller caller, CompactRequest request, CancellationToken cancellationToken) =>
        Until<CompactResponse>(IsDeaf ? CancellationToken.None : cancellationToken);

    public ValueTask<RangeResponse?> WaitAsync(Caller caller, WaitRequest request, CancellationToken cancellationToken) =>
        Until<RangeResponse?>(cancellationToken);

    private static ValueTask<T> Until<T>(CancellationToken cancellationToken) =>
        new(new TaskCompletionSource<T>().Task.WaitAsync(cancellationToken));
}
