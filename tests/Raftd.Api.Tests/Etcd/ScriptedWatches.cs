using System.Collections.Concurrent;
using System.Threading.Channels;
using Raftd.Contract;

namespace Raftd.Api.Tests.Etcd;

/// <summary>A session that says what the test says, and keeps what it was asked.</summary>
internal sealed class ScriptedWatches : IWatchService, IWatchSession
{
    private readonly Channel<WatchMessage> _messages = Channel.CreateUnbounded<WatchMessage>();

    public ConcurrentQueue<WatchRequest> Created { get; } = new();

    public ConcurrentQueue<long> Canceled { get; } = new();

    public int ProgressRequests { get; private set; }

    public TaskCompletionSource Disposed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IWatchSession OpenWatches(Caller caller) => this;

    public void Say(WatchMessage message) => Assert.True(_messages.Writer.TryWrite(message));

    public void Fail(StoreException failure) => _messages.Writer.Complete(failure);

    public void Create(WatchRequest request) => Created.Enqueue(request);

    public void Cancel(long id) => Canceled.Enqueue(id);

    public void RequestProgress() => ProgressRequests++;

    public async ValueTask<WatchMessage> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _messages.Reader.ReadAsync(cancellationToken);
        }
        catch (ChannelClosedException closed)
        {
            throw closed.InnerException!;
        }
    }

    public void Dispose() => Disposed.TrySetResult();
}
