using System.Buffers.Binary;
using Google.Protobuf;
using Raftd.Api.Wire;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing.Http;

namespace Raftd.Conformance.Tests;

/// <summary>One stream of watches at a server, and all that it has said of each of them.</summary>
internal sealed class WatchPeer : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamedBody _requests;
    private readonly Lock _gate = new();
    private readonly Dictionary<long, List<Seen>> _events = [];
    private readonly Dictionary<long, List<string>> _said = [];
    private int _answered;

    private WatchPeer(HttpResponseMessage response, StreamedBody requests)
    {
        _response = response;
        _requests = requests;
    }

    /// <summary>Creations and cancellations that were answered.</summary>
    public int Answered => Volatile.Read(ref _answered);

    /// <summary>Events of all watches.</summary>
    public int Brought { get; private set; }

    /// <summary>The newest answer to a creation.</summary>
    public WatchResponse? LastCreated { get; private set; }

    /// <param name="peer">The server.</param>
    /// <param name="first">Without a request a server may keep its headers back.</param>
    public static async Task<WatchPeer> OpenAsync(GrpcPeer peer, WatchRequest first)
    {
        var requests = new StreamedBody();
        var message = GrpcPeer.Post("/etcdserverpb.Watch/Watch", requests);
        await requests.WriteAsync(GrpcPeer.Frame(first));
        var watch = new WatchPeer(await peer.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead), requests);
        _ = watch.ReadAsync();
        return watch;
    }

    public Task SendAsync(WatchRequest request) => _requests.WriteAsync(GrpcPeer.Frame(request));

    /// <summary>The events so far of the newest watch with this number.</summary>
    public IReadOnlyList<Seen> Events(long id)
    {
        lock (_gate)
        {
            return _events.TryGetValue(id, out var events) ? [.. events] : [];
        }
    }

    /// <summary>How the watches began and ended, by their numbers.</summary>
    public string Said()
    {
        lock (_gate)
        {
            return string.Join('\n', _said.OrderBy(static watch => watch.Key).Select(static watch => $"{watch.Key}: {string.Join(", ", watch.Value)}"));
        }
    }

    public void Dispose()
    {
        _requests.End();
        _response.Dispose();
    }

    private async Task ReadAsync()
    {
        await using var answers = await _response.Content.ReadAsStreamAsync();
        var head = new byte[5];
        while (await answers.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false) == head.Length)
        {
            var bytes = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1))];
            await answers.ReadExactlyAsync(bytes);
            Note(WatchResponse.Parser.ParseFrom(bytes));
        }
    }

    private void Note(WatchResponse response)
    {
        lock (_gate)
        {
            if (response.Created || response.Canceled)
            {
                ListOf(_said, response.WatchId).Add(
                    $"{(response.Created ? "created " : "")}{(response.Canceled ? $"canceled '{response.CancelReason}' {response.CompactRevision}" : "")}");
                Interlocked.Increment(ref _answered);
            }

            if (response.Created)
            {
                // The number of a watch that was cancelled may be given again.
                LastCreated = response;
                _events.Remove(response.WatchId);
            }

            Brought += response.Events.Count;
            ListOf(_events, response.WatchId).AddRange(response.Events.Select(Seen.Of));
        }
    }

    private static List<T> ListOf<T>(Dictionary<long, List<T>> lists, long id)
    {
        if (!lists.TryGetValue(id, out var list))
        {
            lists.Add(id, list = []);
        }

        return list;
    }
}

/// <summary>One event.</summary>
/// <param name="Revision">Of the change.</param>
/// <param name="Key">The key.</param>
/// <param name="IsDelete">What happened to it.</param>
/// <param name="Text">All of it but the version before.</param>
/// <param name="Previous">The version before; empty for none.</param>
internal sealed record Seen(long Revision, ByteString Key, bool IsDelete, string Text, string Previous)
{
    public static Seen Of(Event change) => new(
        change.Kv.ModRevision,
        change.Kv.Key,
        change.Type == Event.Types.EventType.Delete,
        $"{change.Type} {Shown(change.Kv)}",
        change.PrevKv is null ? "" : Shown(change.PrevKv));

    public override string ToString() => $"{Text} after [{Previous}]";

    private static string Shown(KeyValue version) =>
        $"{version.ModRevision} {version.Key.ToStringUtf8()}={version.Value.ToStringUtf8()} created {version.CreateRevision} "
        + $"version {version.Version} lease {version.Lease}";
}
