using Raftd.Api.Wire;
using Raftd.Cluster.Tests.Support;

namespace Raftd.Cluster.Tests.Chaos.Watching;

/// <summary>Some watches on one stream. When it breaks, they go on at another member.</summary>
internal sealed class WatchingClient(Connections connections, TrueHistory truth, IReadOnlyList<HeldWatch> watches, int number, int seed)
{
    // How far back a watch of the past begins.
    private const int Backwards = 400;

    private readonly Random _random = Seed.RandomOf(seed, number);

    public IReadOnlyList<HeldWatch> Watches => watches;

    /// <summary>That broke, or were left.</summary>
    public int Streams { get; private set; }

    private int Group => number % Connections.Groups;

    public async Task RunAsync(CancellationToken stop)
    {
        foreach (var watch in watches)
        {
            await BeginAsync(watch, stop);
        }

        for (var member = number; !stop.IsCancellationRequested; member += 1 + _random.Next(connections.Members - 1))
        {
            var why = await WatchAtAsync(member % connections.Members, stop);
            foreach (var watch in watches)
            {
                watch.Break(why);
            }

            Streams++;
            await Task.WhenAny(Task.Delay(_random.Next(100), stop));
        }
    }

    /// <summary>After a compaction: what is gone is not brought again, so it reads what the watch's range holds now.</summary>
    public async Task LearnAsync(HeldWatch watch, CancellationToken stop)
    {
        if (watch.NeedsState && await StateAsync(watch, revision: 0, stop) is { } state)
        {
            watch.TakeState(state.Header.Revision, state.Kvs);
        }
    }

    /// <summary>Reads what the watch knows when it begins.</summary>
    private async Task BeginAsync(HeldWatch watch, CancellationToken stop)
    {
        if (watch.Shape.IsEverything)
        {
            // Those that tell what happened must not miss the beginning of it.
            watch.Begin(truth.Start.Header.Revision, truth.Start.Kvs);
        }

        while (watch.Shape.Beginning != Beginning.Now && !watch.HasBegun)
        {
            var revision = watch.Shape.Beginning == Beginning.Past ? PastRevision() : 0;
            if (await StateAsync(watch, revision, stop) is { } state)
            {
                watch.Begin(revision == 0 ? state.Header.Revision : revision, state.Kvs);
            }
        }
    }

    private long PastRevision() =>
        Math.Max(truth.Complete - _random.Next(Backwards), Math.Max(truth.CompactAsked, truth.Start.Header.Revision));

    private Task<RangeResponse?> StateAsync(HeldWatch watch, long revision, CancellationToken stop) => connections.ReadAsync(
        Group, new RangeRequest { Key = watch.Shape.Key, RangeEnd = watch.Shape.End, Revision = revision }, stop);

    /// <returns>Why the stream is no more.</returns>
    private async Task<string> WatchAtAsync(int member, CancellationToken stop)
    {
        foreach (var watch in watches)
        {
            await LearnAsync(watch, stop);
        }

        using var stream = new LiveStream(this, connections.Of(Group, member), connections.Label(member), _random);
        return await stream.RunAsync(stop);
    }
}
