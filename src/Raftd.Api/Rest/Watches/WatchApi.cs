using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;
using Raftd.Api.Rest.Routing;
using Raftd.Api.Rest.Views;
using Raftd.Contract;

namespace Raftd.Api.Rest.Watches;

/// <summary>/watch/{key}: changes as they come.</summary>
internal sealed class WatchApi(ApiServices services)
{
    private static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(15);

    private static readonly StringValues NoStore = "no-store";
    private static readonly StringValues No = "no";

    public void Map(IEndpointRouteBuilder rest) => rest.MapGroup("/watch/{**key}")
        .WithTags("Keys")
        .WithTraits(RouteTraits.HasRevision)
        .MapGet("", AnswerAsync)
        .WithSummary("The changes of a key, or of all keys under it, as they come")
        .WithDescription(
            "As Server-Sent Events without an end, which an EventSource reads and resumes, or, with `once=1`, one answer of JSON as "
            + "soon as there is something to say. Any member answers, from what it has applied itself.")
        .WithParameters(
            new(ParameterPlace.Path, "key", "the key; with `prefix` what keys begin with, all if it is empty", "test/a", Required: true),
            CommonParameters.Key64,
            new(ParameterPlace.Query, "prefix", "1: every key that starts with this one"),
            new(ParameterPlace.Query, "rev", "from this revision on; with `initial` the state at it. The newest if it is not given"),
            new(ParameterPlace.Query, "initial", "1: the keys as they are come first, as puts, and `snapshot-end` behind them", "true"),
            new(ParameterPlace.Query, "prev", "1: each change with the version before it, where that is kept"),
            new(ParameterPlace.Query, "filter", "put or delete: those changes alone"),
            new(ParameterPlace.Query, "once", "1: one batch as JSON; its `id` is the Last-Event-ID of the next request", "true"),
            new(ParameterPlace.Query, "wait", "together with `once`: wait this long for a change, as 30s, which is the default", "1s"),
            new(ParameterPlace.Header, "Last-Event-ID", "goes on behind this id of an earlier answer, whatever `rev` and `initial` say"))
        .AnswersJson(200, "the changes; as text/event-stream without `once`", typeof(WatchBatchView))
        .Answers(204, "Last-Event-ID is compacted away, and no initial state was asked for: an EventSource stops")
        .Refuses(410, "the revision has been compacted away")
        .Refuses(429, "as many streams are open as may be");

    private async ValueTask AnswerAsync(RestCall call)
    {
        var query = new WatchQuery(call);
        using var place = services.OpenStream();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(call.ClientGone, services.Stopping);
        call.Response.Headers.CacheControl = NoStore;
        WatchFeed? feed;
        try
        {
            feed = await OpenAsync(call, query, ended.Token);
        }
        catch (StoreException passing) when (query.IsResumedStream && passing.Code is ErrorCode.NotReady or ErrorCode.NoLeader)
        {
            await PutOffAsync(call, query.Place, passing.Message);
            return;
        }

        using (feed)
        {
            await AnswerAsync(call, query, feed, ended);
        }
    }

    private async ValueTask AnswerAsync(RestCall call, WatchQuery query, WatchFeed? feed, CancellationTokenSource ended)
    {
        call.SetRevision(call.Keyspace.Cluster.Revision);
        if (feed is null)
        {
            await call.WriteEmptyAsync(StatusCodes.Status204NoContent);
        }
        else if (query.IsOnce && !call.IsHead)
        {
            await WatchBatch.AnswerAsync(call, feed, query.Wait, ended.Token);
        }
        else
        {
            await StreamAsync(call, feed, ended);
        }
    }

    private async ValueTask<WatchFeed?> OpenAsync(RestCall call, WatchQuery query, CancellationToken ended)
    {
        try
        {
            return await WatchFeed.OpenAsync(call, query, ended);
        }
        catch (OperationCanceledException) when (services.Stopping.IsCancellationRequested)
        {
            throw new StoreException(ErrorCode.NotReady, "this member stops", "watch at another member");
        }
    }

    /// <summary>A stream that ends at once, from where its client comes back: any status but 200 stops an EventSource for good, and
    /// what is the matter passes.</summary>
    private async ValueTask PutOffAsync(RestCall call, WatchPlace? place, string why)
    {
        call.SetRevision(call.Keyspace.Cluster.Revision);
        SetHeaders(call);
        if (call.IsHead)
        {
            return;
        }

        await using var stream = new EventStream(call);
        try
        {
            await stream.BeginAsync(place);
            await stream.WriteCommentAsync(why);
        }
        catch (OperationCanceledException)
        {
            // The client has gone.
        }
    }

    private static void SetHeaders(RestCall call)
    {
        call.SetContentType(EventStream.ContentType);
        call.Response.Headers["X-Accel-Buffering"] = No;
    }

    private static async ValueTask StreamAsync(RestCall call, WatchFeed feed, CancellationTokenSource ended)
    {
        SetHeaders(call);
        if (call.IsHead)
        {
            return;
        }

        await using var stream = new EventStream(call);
        try
        {
            await stream.BeginAsync(feed.Place);
            await PassOnAsync(stream, feed, call.Services.Clock, ended);
        }
        catch (OperationCanceledException)
        {
            // The client has gone or was cut off, or this member stops: a client that is there comes back, to another one.
        }
        catch (Exception failure) when (failure is StoreException or ApiException)
        {
            // Between two events. A client that comes back finds out whether it can go on.
            await stream.WriteCommentAsync(failure.Message);
        }
    }

    private static async ValueTask PassOnAsync(
        EventStream stream, WatchFeed feed, TimeProvider clock, CancellationTokenSource ended)
    {
        var next = feed.NextAsync(ended.Token).AsTask();
        try
        {
            while (true)
            {
                await ((Task)next.WaitAsync(HeartbeatInterval, clock)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!next.IsCompleted)
                {
                    feed.AskForPlace();
                    await stream.WriteCommentAsync("heartbeat");
                    continue;
                }

                var news = await next;
                if (news.Count == 0)
                {
                    return;
                }

                await stream.WriteAsync(news);
                next = feed.NextAsync(ended.Token).AsTask();
            }
        }
        finally
        {
            // What is still waited for must not outlive the feed.
            await ended.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
