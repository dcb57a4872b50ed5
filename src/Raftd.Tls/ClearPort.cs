using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Raftd.Tls;

/// <summary>A port in clear text: a client that speaks TLS to it is named in the log and closed. Without this it would get an answer
/// in clear text, which its TLS library reports as garbage.</summary>
/// <param name="audience">Who connects, for the log: clients or peers.</param>
/// <param name="setting">The flag that would give the port TLS.</param>
/// <param name="logger">Gets a line now and then.</param>
/// <param name="time">Paces those lines.</param>
public sealed class ClearPort(string audience, string setting, ILogger logger, TimeProvider time)
{
    private readonly LogPace _pace = new(time);

    /// <summary>A connection that says nothing is closed after this, as an idle one is.</summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(130);

    public void Use(ListenOptions listen) => listen.Use(next => connection => AdmitAsync(connection, next));

    private async Task AdmitAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        bool isTls;
        try
        {
            using var limit = new OpeningLimit(connection, SilenceLimit, time);
            isTls = await OpeningReader.IsTlsAsync(connection.Transport.Input, limit.Token);
        }
        catch (OperationCanceledException)
        {
            connection.Abort(new ConnectionAbortedException("it said nothing for too long"));
            return;
        }

        if (!isTls)
        {
            await next(connection);
        }
        else if (_pace.MaySpeak(out var silenced))
        {
            TlsLog.TlsOnClearPort(logger, connection.RemoteEndPoint, audience, setting, silenced);
        }
    }
}
