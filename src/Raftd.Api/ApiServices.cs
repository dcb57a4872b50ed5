using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Raftd.Api.Http;
using Raftd.Contract;

namespace Raftd.Api;

/// <summary>What every handler may ask beside the keyspace that its call is in.</summary>
internal sealed class ApiServices
{
    // What a stream takes beside its messages, of Kestrel and of its handler, rounded up from a measurement.
    private const int StreamBytes = 32 * 1024;

    public ApiServices(
        ApiOptions options,
        BucketServices keyspace,
        IBucketService buckets,
        TimeProvider clock,
        IHostApplicationLifetime lifetime,
        ILoggerFactory loggers)
    {
        Options = options;
        Clock = clock;
        Stopping = lifetime.ApplicationStopping;
        SmallBodies = new ByteBudget("small request bodies", options.MaxSmallBodiesInFlightBytes);
        LargeBodies = new ByteBudget("request bodies", options.MaxBodiesInFlightBytes);
        Answers = new ByteBudget("answers", options.MaxAnswersInFlightBytes);
        Streams = new ByteBudget("open streams", options.MaxOpenStreamBytes);
        Buckets = buckets;
        Keyspaces = new Keyspaces(keyspace, buckets, Answers);
        LargeAnswerRate = new MinDataRate(options.MinTransferBytesPerSecond, RaftdApi.RateGrace);
        Forgeries = new ForgeryGuard(new HostGuard(options.AllowedHosts, options.OwnHosts));
        Log = loggers.CreateLogger("Raftd.Api");
        Resets = new ResetGuard(clock, Log);
    }

    public ApiOptions Options { get; }

    public IBucketService Buckets { get; }

    public Keyspaces Keyspaces { get; }

    public TimeProvider Clock { get; }

    /// <summary>The server is about to stop: what would last ends now.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Of bodies up to RequestBody.SmallBytes.</summary>
    public ByteBudget SmallBodies { get; }

    /// <summary>Of all others.</summary>
    public ByteBudget LargeBodies { get; }

    public ByteBudget Answers { get; }

    /// <summary>Of streams that are open, whatever they carry: watches of REST, and streams of the etcd API.</summary>
    public ByteBudget Streams { get; }

    /// <summary>Of readers of what is counted until it is read.</summary>
    public MinDataRate LargeAnswerRate { get; }

    public ForgeryGuard Forgeries { get; }

    public ResetGuard Resets { get; }

    public ILogger Log { get; }

    /// <summary>Counts a stream until the share is disposed of.</summary>
    /// <exception cref="ApiException">429: as many are open as may be.</exception>
    public ByteBudget.Share OpenStream() => Streams.Hold(StreamBytes);
}
