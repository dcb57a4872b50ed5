using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Raftd.Tls;

/// <summary>Ends the wait for a connection's first bytes: after a time, and at once when the server stops, which would
/// otherwise wait for connections that say nothing.</summary>
internal sealed class OpeningLimit : IDisposable
{
    private readonly CancellationTokenSource _over;
    private readonly CancellationTokenRegistration _stopping;

    public OpeningLimit(ConnectionContext connection, TimeSpan time, TimeProvider clock)
    {
        _over = new CancellationTokenSource(time, clock);
        var closing = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        _stopping = closing.UnsafeRegister(static over => ((CancellationTokenSource)over!).Cancel(), _over);
    }

    public CancellationToken Token => _over.Token;

    public void Dispose()
    {
        _stopping.Dispose();
        _over.Dispose();
    }
}
