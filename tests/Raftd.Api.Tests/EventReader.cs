using System.Net;
using System.Text;
using System.Text.Json;

namespace Raftd.Api.Tests;

/// <summary>An event as an EventSource hands it out.</summary>
/// <param name="Name">Of its kind.</param>
/// <param name="Id">What the client would resume from.</param>
/// <param name="Data">JSON.</param>
internal sealed record ServerEvent(string Name, string? Id, string Data)
{
    public JsonElement Json => JsonElement.Parse(Data);

    public string? Key => Field("key");

    public string? Value => Field("value");

    private string? Field(string name) => Json.TryGetProperty(name, out var field) ? field.GetString() : null;
}

/// <summary>Reads Server-Sent Events by the rules of the HTML standard for an EventSource, one line at a time.</summary>
internal sealed class EventReader : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient? _ownClient;
    private readonly HttpResponseMessage _answer;
    private readonly StreamReader _lines;
    private readonly List<string> _raw = [];

    private EventReader(HttpClient? ownClient, HttpResponseMessage answer, string? lastEventId)
    {
        _ownClient = ownClient;
        _answer = answer;
        _lines = new StreamReader(answer.Content.ReadAsStream(), Encoding.UTF8);
        LastEventId = lastEventId;
    }

    public int Status => (int)_answer.StatusCode;

    public string? LastEventId { get; private set; }

    public int Comments { get; private set; }

    /// <summary>Lines as they came.</summary>
    public IReadOnlyList<string> Raw => _raw;

    public static async Task<EventReader> OpenAsync(IApiHost host, string target, string? lastEventId = null)
    {
        var ownClient = host.Http2 is null ? new HttpClient() : null;
        var url = host.BaseUrl.GetLeftPart(UriPartial.Authority) + target;
        using var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri(url, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            Version = host.Http2 is null ? HttpVersion.Version11 : HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var answer = await (host.Http2 ?? ownClient!)
            .SendAsync(request, HttpCompletionOption.ResponseHeadersRead)
            .WaitAsync(Patience);
        return new EventReader(ownClient, answer, lastEventId);
    }

    public string? Header(string name) =>
        _answer.Headers.TryGetValues(name, out var values) || _answer.Content.Headers.TryGetValues(name, out values)
            ? string.Join(", ", values)
            : null;

    public async Task<ServerEvent> NextAsync() =>
        await NextOrEndAsync() ?? throw new InvalidOperationException($"the stream has ended behind {LastEventId}");

    /// <returns>Null at the end.</returns>
    public async Task<ServerEvent?> NextOrEndAsync()
    {
        var (name, data) = ("message", new StringBuilder());
        var id = LastEventId;
        while (await LineAsync() is { } line)
        {
            if (line.Length > 0)
            {
                Take(line);
                continue;
            }

            LastEventId = id;
            if (data.Length > 0)
            {
                return new ServerEvent(name, id, data.ToString());
            }

            name = "message";
        }

        return null;

        void Take(string line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var field = colon < 0 ? line : line[..colon];
            var value = colon < 0 ? "" : line[(colon + 1)..] is [' ', .. var rest] ? rest : line[(colon + 1)..];
            switch (field)
            {
                case "":
                    Comments++;
                    break;
                case "event":
                    name = value;
                    break;
                case "id":
                    id = value;
                    break;
                case "data":
                    Assert.True(data.Length == 0, "an event has two lines of data");
                    data.Append(value);
                    break;
                default:
                    Assert.Equal("retry", field);
                    break;
            }
        }
    }

    public async Task<ServerEvent[]> TakeAsync(int count)
    {
        var events = new ServerEvent[count];
        for (var i = 0; i < count; i++)
        {
            events[i] = await NextAsync();
        }

        return events;
    }

    /// <summary>The next line, as it came; null at the end.</summary>
    public async Task<string?> LineAsync()
    {
        var line = await _lines.ReadLineAsync().WaitAsync(Patience);
        if (line is not null)
        {
            _raw.Add(line);
        }

        return line;
    }

    public void Dispose()
    {
        _lines.Dispose();
        _answer.Dispose();
        _ownClient?.Dispose();
    }
}
