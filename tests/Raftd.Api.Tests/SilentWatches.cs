using System.Threading.Channels;
using Raftd.Contract;

namespace Raftd.Api.Tests;

/// <summary>A session in whose store nothing changes. Changes are tested against a member.</summary>
internal sealed class SilentWatches(long revision) : IWatchSession
{
    private readonly Channel<WatchMessage> _messages = Channel.CreateUnbounded<WatchMessage>();

    public void Create(WatchRequest request) =>
        _messages.Writer.TryWrite(new WatchMessage { Kind = WatchMessageKind.Created, Id = 0, Revision = revision });

    public void Cancel(long id)
    {
    }

    public void RequestProgress()
    {
    }

    public ValueTask<WatchMessage> ReadAsync(CancellationToken cancellationToken) => _messages.Reader.ReadAsync(cancellationToken);

    public void Dispose() => _messages.Writer.TryComplete();
}
