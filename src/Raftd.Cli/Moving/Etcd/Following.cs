// Changes of the source, as they come, until the switch.
//
// A watch from the revision behind the one that was copied tells of each change once and in order. What belongs to one revision
// is one transaction at the target. A stream that breaks begins anew behind the last revision that was applied; a change that
// comes twice then does no harm, because all that follow it come again too.
//
// At the switch the source is asked for its revision, with a read that no other member's delay can spoil, and the watch goes on
// until it has come there. Of a range in which nothing changes a watch tells nothing, so it is asked how far it is. Some releases
// of etcd answer that before they send what is still under way: the comparison behind the switch finds what would be missing.

using Raftd.Api.Etcd;
using Raftd.Api.Wire;

namespace Raftd.Cli.Moving.Etcd;

/// <param name="applied">The revision up to which the target has all.</param>
internal sealed class Following(Remote source, Remote target, KeyRange range, long applied, Progress progress) : IDisposable
{
    private static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>For the watch to come to the switch. A source that does not say how far it is must not hold it up.</summary>
    private static readonly TimeSpan SwitchLimit = TimeSpan.FromSeconds(10);

    private readonly ChangeWriter _writer = new(target, progress, "followed");
    private readonly List<Event> _revision = [];
    private readonly CancellationTokenSource _late = new();
    private long _switchAt = long.MaxValue;

    /// <summary>The revision up to which the target has all.</summary>
    public long Applied { get; private set; } = applied;

    /// <summary>Ends once the target has all that the source had when the switch was asked for.</summary>
    /// <param name="saved">Called with each revision that is done.</param>
    /// <param name="switching">Cancelled to ask for the switch.</param>
    /// <exception cref="GrpcFailure">Compacted: what is to follow is not there any more.</exception>
    public async Task RunAsync(Action<long> saved, CancellationToken switching)
    {
        using var asking = switching.Register(() => _ = Task.Run(AskForEndAsync));
        while (Applied < Volatile.Read(ref _switchAt) && !_late.IsCancellationRequested)
        {
            try
            {
                await WatchAsync(saved);
            }
            catch (Exception failure) when (Remote.IsPassing(failure))
            {
                // The next stream, once the source answers anything.
                source.Turn();
                await Task.Delay(AskInterval, CancellationToken.None);
                await range.HeadAsync(source, CancellationToken.None);
            }
        }

        Applied = Math.Max(Applied, Volatile.Read(ref _switchAt));
    }

    public void Dispose() => _late.Dispose();

    private async Task AskForEndAsync()
    {
        try
        {
            Volatile.Write(ref _switchAt, (await range.HeadAsync(source, CancellationToken.None)).Header.Revision);
            _late.CancelAfter(SwitchLimit);
        }
        catch (MoveException silent)
        {
            progress.Say($"no switch: {silent.Message}; end the import with another signal, and give the same command again");
        }
    }

    private async Task WatchAsync(Action<long> saved)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_late.Token);
        using var requests = new RequestStream();
        var create = new WatchCreateRequest
        {
            Key = range.Key,
            RangeEnd = range.End,
            StartRevision = Applied + 1,
            ProgressNotify = true,
            Fragment = true,
        };
        _revision.Clear();
        await requests.WriteAsync(new WatchRequest { CreateRequest = create });
        using var request = GrpcFrames.RequestTo(source.Url, EtcdMethods.Watch, requests, await source.TokenAsync(ended.Token));
        using var answer = await source.OpenAsync(request, ended.Token);
        await using var content = await answer.Content.ReadAsStreamAsync(ended.Token);
        var asking = AskAsync(requests, ended.Token);
        try
        {
            while (Applied < Volatile.Read(ref _switchAt))
            {
                if (await GrpcFrames.ReadAsync(content, WatchResponse.Parser, ended.Token) is not { } news)
                {
                    GrpcFrames.RequireSuccess(answer);
                    throw new EndOfStreamException("the watch has ended");
                }

                RequireOpen(news);
                await TakeAsync(news);
                saved(Applied);
            }
        }
        finally
        {
            await ended.CancelAsync();
            await asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Once the switch is asked for: how far the watch is, until it is far enough.</summary>
    private async Task AskAsync(RequestStream requests, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(AskInterval);
        while (await timer.WaitForNextTickAsync(ended))
        {
            if (Volatile.Read(ref _switchAt) != long.MaxValue)
            {
                await requests.WriteAsync(new WatchRequest { ProgressRequest = new WatchProgressRequest() });
            }
        }
    }

    private static void RequireOpen(WatchResponse news)
    {
        if (news.CompactRevision != 0)
        {
            throw new GrpcFailure(GrpcCode.OutOfRange, $"the source is compacted up to revision {news.CompactRevision}");
        }

        if (news.Canceled)
        {
            throw new MoveException($"the source has ended the watch: {news.CancelReason}", "check the rights of -source-user");
        }
    }

    /// <summary>Events of one revision stay together, also where they come in several pieces.</summary>
    private async Task TakeAsync(WatchResponse news)
    {
        foreach (var change in news.Events)
        {
            if (_revision.Count > 0 && _revision[0].Kv.ModRevision != change.Kv.ModRevision)
            {
                await AddRevisionAsync();
            }

            _revision.Add(change);
        }

        if (news.Fragment)
        {
            return;
        }

        await AddRevisionAsync();
        await _writer.FlushAsync(CancellationToken.None);
        Applied = news.Events.Count > 0 ? news.Events[^1].Kv.ModRevision
            : news.Created ? Applied
            : Math.Max(Applied, news.Header.Revision);
    }

    private async Task AddRevisionAsync()
    {
        await _writer.AddAsync(
            [.. _revision.Select(static change => new Change(
                change.Kv.Key, change.Type == Event.Types.EventType.Put ? change.Kv.Value : null))],
            CancellationToken.None);
        _revision.Clear();
    }
}
