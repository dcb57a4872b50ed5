using System.Buffers.Binary;
using Raftd.Api.Wire;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing.Histories;
using Raftd.Testing.Http;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Cluster.Tests.Chaos.Watching;

/// <summary>One stream of a client at one member, from its opening until it breaks or is left.</summary>
internal sealed class LiveStream(WatchingClient client, GrpcPeer peer, string member, Random random) : IDisposable
{
    private const string Path = "/etcdserverpb.Watch/Watch";

    // The number of what is said to all watches of the stream.
    private const long All = -1;

    // Of gRPC: a server may end a stream with it, and the client goes on elsewhere.
    private const int Unavailable = 14;

    // Of so many messages one makes the reader slow, for a while.
    private const int MessagesToSlowness = 2000;
    private const int SlownessMs = 2000;
    private const int LeastSeconds = 2;
    private const int MostSeconds = 30;

    private static readonly TimeSpan OpeningLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(500);

    private readonly StreamedBody _requests = new();

    /// <summary>By their numbers.</summary>
    private readonly Dictionary<long, HeldWatch> _watches = [];

    /// <summary>Asked for and not answered, in the order in which the server answers.</summary>
    private readonly Queue<HeldWatch> _creating = new();

    /// <summary>Ended by a compaction; their cancellation is not answered yet.</summary>
    private readonly HashSet<long> _ended = [];

    /// <returns>Why the stream is no more.</returns>
    public async Task<string> RunAsync(CancellationToken stop)
    {
        using var life = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var asking = Task.CompletedTask;
        try
        {
            using var response = await OpenAsync(life);
            life.CancelAfter(TimeSpan.FromSeconds(random.Next(LeastSeconds, MostSeconds)));
            asking = AskForProgressAsync(life.Token);
            await ReadAsync(response, life.Token);
            var (code, message) = GrpcPeer.EndOf(response);
            Require(code == Unavailable, $"{member} ended a stream with {code} {message}");
            return message;
        }
        catch (Exception failure) when (Connections.IsBroken(failure))
        {
            return failure.Message;
        }
        finally
        {
            await life.CancelAsync();
            await asking;
            _requests.End();
        }
    }

    public void Dispose() => _requests.Dispose();

    private async Task<HttpResponseMessage> OpenAsync(CancellationTokenSource life)
    {
        life.CancelAfter(OpeningLimit);
        var request = GrpcPeer.Post(Path, _requests);
        if (random.Next(3) == 0)
        {
            // Ended by the server, rather than left open and silent, where it has no leader.
            request.Headers.Add("hasleader", "true");
        }

        foreach (var watch in client.Watches)
        {
            await CreateAsync(watch);
        }

        return await peer.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, life.Token);
    }

    private async Task CreateAsync(HeldWatch watch)
    {
        _creating.Enqueue(watch);
        await SendAsync(new WatchRequest { CreateRequest = watch.Shape.CreateRequest(watch.HasBegun ? watch.Next : 0) });
    }

    private Task SendAsync(WatchRequest request) => _requests.WriteAsync(GrpcPeer.Frame(request));

    private async Task AskForProgressAsync(CancellationToken ended)
    {
        using var timer = new PeriodicTimer(ProgressInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(ended))
            {
                await SendAsync(new WatchRequest { ProgressRequest = new WatchProgressRequest() });
            }
        }
        catch (OperationCanceledException)
        {
            // The stream is over.
        }
    }

    private async Task ReadAsync(HttpResponseMessage response, CancellationToken ended)
    {
        await using var answers = await response.Content.ReadAsStreamAsync(ended);
        var head = new byte[5];
        while (await answers.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, ended) == head.Length)
        {
            var bytes = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1))];
            await answers.ReadExactlyAsync(bytes, ended);
            await TakeAsync(WatchResponse.Parser.ParseFrom(bytes), ended);
            if (random.Next(MessagesToSlowness) == 0)
            {
                await Task.Delay(random.Next(SlownessMs), ended);
            }
        }
    }

    private async Task TakeAsync(WatchResponse response, CancellationToken ended)
    {
        if (response.Created)
        {
            TakeCreation(response);
        }
        else if (response.Canceled)
        {
            await TakeEndAsync(response, ended);
        }
        else if (response.Events.Count > 0)
        {
            WatchOf(response).Brought(response);
        }
        else
        {
            foreach (var watch in response.WatchId == All ? [.. _watches.Values] : new[] { WatchOf(response) })
            {
                watch.Progress(response.Header.Revision);
            }
        }
    }

    private void TakeCreation(WatchResponse response)
    {
        Require(!response.Canceled, $"{member} refused a watch: {response.CancelReason}");
        var watch = _creating.Dequeue();
        _watches.Add(response.WatchId, watch);
        watch.Created(response.Header.Revision, member);
    }

    private async Task TakeEndAsync(WatchResponse response, CancellationToken ended)
    {
        if (_ended.Remove(response.WatchId))
        {
            return;
        }

        var watch = WatchOf(response);
        Require(response.CompactRevision > 0, $"{watch} was cancelled: {response}");
        watch.Compacted(response.CompactRevision);
        _watches.Remove(response.WatchId);
        await client.LearnAsync(watch, ended);

        // As clients do, because its number stays taken and holds up progress.
        _ended.Add(response.WatchId);
        await SendAsync(new WatchRequest { CancelRequest = new WatchCancelRequest { WatchId = response.WatchId } });
        await CreateAsync(watch);
    }

    private HeldWatch WatchOf(WatchResponse response) =>
        _watches.GetValueOrDefault(response.WatchId) ?? throw new SafetyViolationException($"there is no such watch: {response}");
}
