using System.Text;
using Google.Protobuf;
using Raftd.Api.Wire;

namespace Raftd.Benchmarks.Etcd;

/// <summary>What a client without gRPC asks of either product in its own idiom: REST of raftd, the JSON gateway of etcd. Both over
/// HTTP/1.1, as etcd knows no other for it in clear text.</summary>
internal static class RestStreams
{
    public const int ListedKeys = 10_000;
    public const int Watchers = 100;

    private const int Listers = 4;
    private const string Key = "watched";

    /// <summary>All keys in one answer, asked by a few clients at once.</summary>
    public static async Task<WrkResult> ListAsync(Contender contender, BenchmarkOptions options)
    {
        using var http = Client();
        var buffers = Enumerable.Range(0, Listers).Select(static _ => new byte[1 << 16]).ToArray();
        return await Streams.MeasureAsync(contender, options, buffers, async buffer =>
        {
            using var request = List(contender);
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            answer.EnsureSuccessStatusCode();
            await using var content = await answer.Content.ReadAsStreamAsync();
            var bytes = 0L;
            for (int read; (read = await content.ReadAsync(buffer)) > 0;)
            {
                bytes += read;
            }

            return bytes > ListedKeys * Streams.ListedValueBytes
                ? 1
                : throw new BenchmarkException($"{contender.Name} lists less than it has");
        });
    }

    /// <summary>Every key is in the answer, which is only counted in bytes otherwise.</summary>
    public static async Task CheckListAsync(Contender contender)
    {
        using var http = Client();
        using var request = List(contender);
        using var answer = await http.SendAsync(request);
        var keys = (await answer.Content.ReadAsStringAsync()).Split("\"mod_revision\"").Length - 1;
        if (keys != ListedKeys)
        {
            throw new BenchmarkException($"{contender.Name} lists {keys} of {ListedKeys} keys");
        }
    }

    /// <summary>As <see cref="Streams.FanOutAsync"/>: an operation is an event that has reached a watcher; its latency is the time from
    /// the put until the last of them has it.</summary>
    public static async Task<WrkResult> FanOutAsync(Contender contender, BenchmarkOptions options)
    {
        using var http = Client();
        var watches = new StreamReader[Watchers];
        for (var i = 0; i < Watchers; i++)
        {
            watches[i] = await WatchAsync(http, contender);
        }

        var value = new byte[options.ValueBytes];
        value.AsSpan().Fill((byte)'x');
        var result = await Streams.MeasureAsync(contender, options, [0], async _ =>
        {
            using var request = IsRaftd(contender)
                ? new HttpRequestMessage(HttpMethod.Put, new Uri($"{contender.Url}/key/{Key}")) { Content = new ByteArrayContent(value) }
                : Post(contender, "v3/kv/put", new PutRequest { Key = ByteString.CopyFromUtf8(Key), Value = ByteString.CopyFrom(value) });
            using var answer = await http.SendAsync(request);
            answer.EnsureSuccessStatusCode();
            await Task.WhenAll(watches.Select(watch => SkipEventAsync(contender, watch)));
            return Watchers;
        });
        Array.ForEach(watches, static watch => watch.Dispose());
        return result;
    }

    /// <summary>Returns once the watch stands.</summary>
    private static async Task<StreamReader> WatchAsync(HttpClient http, Contender contender)
    {
        using var request = IsRaftd(contender)
            ? new HttpRequestMessage(HttpMethod.Get, new Uri($"{contender.Url}/watch/{Key}"))
            : Post(contender, "v3/watch", new WatchRequest { CreateRequest = new WatchCreateRequest { Key = ByteString.CopyFromUtf8(Key) } });
        var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
        await SkipLineAsync(lines, IsRaftd(contender) ? "id: " : """{"result":{""");
        return lines;
    }

    private static Task SkipEventAsync(Contender contender, StreamReader watch) =>
        SkipLineAsync(watch, IsRaftd(contender) ? "data: " : """{"result":{""");

    /// <summary>Up to the line that begins so.</summary>
    private static async Task SkipLineAsync(StreamReader lines, string start)
    {
        string line;
        do
        {
            line = await lines.ReadLineAsync() ?? throw new BenchmarkException("a watch has ended");
        }
        while (!line.StartsWith(start, StringComparison.Ordinal));
    }

    private static HttpRequestMessage List(Contender contender) => IsRaftd(contender)
        ? new HttpRequestMessage(HttpMethod.Get, new Uri($"{contender.Url}/keys?prefix=list/"))
        : Post(contender, "v3/kv/range", new RangeRequest { Key = ByteString.CopyFromUtf8("list/"), RangeEnd = ByteString.CopyFromUtf8("list0") });

    private static bool IsRaftd(Contender contender) => contender.Name == Contender.Raftd;

    private static HttpClient Client() => new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };

    private static HttpRequestMessage Post(Contender contender, string path, IMessage message) =>
        new(HttpMethod.Post, new Uri($"{contender.Url}/{path}"))
        {
            Content = new StringContent(JsonFormatter.Default.Format(message), Encoding.UTF8, "application/json"),
        };
}
