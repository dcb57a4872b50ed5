// A client of HTTP/2 may take a request back in the same breath in which it sends it, again and again (CVE-2023-44487). None of
// them is open for long, so no bound on open streams stops it, and each one costs as much as a request that is meant.
//
// Kestrel ends such a connection only when twice as many requests as it may have open are at work or not yet cleared away, and
// for the watches of the etcd API that bound is large (ApiOptions.MaxStreamsPerConnection). So what is taken back soon after
// its beginning is counted here, by samples, for each connection: some of it is what clients do whose time is up, a flood is closed.

using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Raftd.Api.Http;

/// <summary>Closes connections whose requests are taken back early too often.</summary>
internal sealed class ResetGuard(TimeProvider clock, ILogger log)
{
    /// <summary>Early resets that a connection may have at once: a client with as many calls whose leader is gone.</summary>
    private const int Burst = 1000;

    /// <summary>And in the long run.</summary>
    private const int PerSecond = 100;

    // Whether a request was taken back costs an allocation to ask. So one of these is looked at, and stands for all of them: a
    // flood has enough of them.
    private const int Sampled = 16;

    [ThreadStatic]
    private static int _turn;

    private static readonly TimeSpan Early = TimeSpan.FromSeconds(1);

    // A flood of connections is not to become one of lines.
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(10);

    /// <summary>An entry goes with its connection.</summary>
    private readonly ConditionalWeakTable<IConnectionLifetimeFeature, Bucket> _connections = [];

    /// <summary>Timestamp of the last line; 0 for none.</summary>
    private long _told;

    public Task EnterAsync(HttpContext context, RequestDelegate next)
    {
        _turn = (_turn + 1) % Sampled;
        return _turn == 0 ? WatchAsync(context, next) : next(context);
    }

    private async Task WatchAsync(HttpContext context, RequestDelegate next)
    {
        var began = clock.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            if (context.RequestAborted.IsCancellationRequested && clock.GetElapsedTime(began) < Early)
            {
                Count(context);
            }
        }
    }

    private void Count(HttpContext context)
    {
        if (context.Features.Get<IConnectionLifetimeFeature>() is not { } connection || connection.ConnectionClosed.IsCancellationRequested)
        {
            return;
        }

        if (!_connections.GetValue(connection, _ => new Bucket(clock)).TryTake())
        {
            connection.Abort();
            Tell(context.Connection.RemoteIpAddress);
        }
    }

    private void Tell(IPAddress? client)
    {
        var (now, told) = (clock.GetTimestamp(), Interlocked.Read(ref _told));
        var isDue = told == 0 || clock.GetElapsedTime(told, now) > BetweenLines;
        if (isDue && Interlocked.CompareExchange(ref _told, now, told) == told)
        {
            ApiLog.ResetFlood(log, client, Burst, PerSecond);
        }
    }

    /// <summary>Fills by so many a second, up to so many.</summary>
    private sealed class Bucket(TimeProvider clock)
    {
        private readonly Lock _guard = new();
        private double _left = Burst;
        private long _filled = clock.GetTimestamp();

        public bool TryTake()
        {
            lock (_guard)
            {
                var now = clock.GetTimestamp();
                _left = Math.Min(Burst, _left + (clock.GetElapsedTime(_filled, now).TotalSeconds * PerSecond)) - Sampled;
                _filled = now;
                return _left >= 0;
            }
        }
    }
}
