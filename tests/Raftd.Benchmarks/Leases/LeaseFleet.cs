using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Raftd.Benchmarks.Leases;

/// <summary>Many leases at one server, made and used side by side, as many services would.</summary>
internal sealed class LeaseFleet : IDisposable
{
    private const int Workers = 64;

    private readonly HttpClient _client = new(new SocketsHttpHandler { MaxConnectionsPerServer = Workers })
    {
        Timeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>In the order of their names.</summary>
    public string[] Ids { get; private set; } = [];

    /// <summary>Grants NAME/0 to NAME/count-1, seven digits each.</summary>
    /// <returns>How long it took.</returns>
    public async Task<TimeSpan> GrantAsync(string url, string name, int count, int ttlSeconds)
    {
        var started = Stopwatch.GetTimestamp();
        var ids = new string[count];
        await EachAsync(count, async i =>
        {
            var target = string.Create(CultureInfo.InvariantCulture, $"{url}/lease/grant?ttl={ttlSeconds}&name={name}/{i:0000000}");
            ids[i] = await OkAsync(HttpMethod.Post, target);
        });
        Ids = ids;
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Renews each once, with the key and data where a key is given.</summary>
    public async Task<TimeSpan> RenewAsync(string url, string? key = null)
    {
        var started = Stopwatch.GetTimestamp();
        await EachAsync(Ids.Length, i => OkAsync(HttpMethod.Post, url + RenewalTarget(i), Form(key)));
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Sets keys k0 to k(count-1) of the first lease.</summary>
    public async Task<TimeSpan> SetKeysAsync(string url, int count)
    {
        var started = Stopwatch.GetTimestamp();
        await EachAsync(count, i => OkAsync(HttpMethod.Post, url + RenewalTarget(0), Form($"k{i}")));
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Whether the first lease has a key of that number; asks the server that is given.</summary>
    public async Task<bool> HasKeyAsync(string url, int number)
    {
        using var answer = await _client.GetAsync(new Uri($"{url}/key/many/0000000/{Ids[0]}/k{number}"));
        return answer.StatusCode == HttpStatusCode.OK;
    }

    /// <summary>Renews each once in every interval, evenly spread, for so long.</summary>
    /// <returns>How many renewals were acknowledged.</returns>
    public async Task<long> KeepAliveAsync(string url, string key, TimeSpan interval, TimeSpan time)
    {
        var started = Stopwatch.GetTimestamp();
        long renewals = 0;
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(async worker =>
        {
            for (var turn = 0; Stopwatch.GetElapsedTime(started) < time; turn++)
            {
                for (var i = worker; i < Ids.Length; i += Workers)
                {
                    var due = (interval * turn) + (interval * ((double)i / Ids.Length)) - Stopwatch.GetElapsedTime(started);
                    if (due > TimeSpan.FromMilliseconds(1))
                    {
                        await Task.Delay(due);
                    }

                    await OkAsync(HttpMethod.Post, url + RenewalTarget(i), Form(key));
                    Interlocked.Increment(ref renewals);
                }
            }
        }));
        return renewals;
    }

    /// <summary>Whether a lease lives; asks the server that is given.</summary>
    public async Task<bool> LivesAsync(string url, int i)
    {
        using var answer = await _client.GetAsync(new Uri($"{url}/lease/timetolive/{Ids[i]}"));
        return answer.StatusCode == HttpStatusCode.OK;
    }

    /// <summary>How long until a request is answered with 200, asked again and again.</summary>
    public async Task<TimeSpan> UntilOkAsync(HttpMethod method, string target)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await OkAsync(method, target);
                return Stopwatch.GetElapsedTime(started);
            }
            catch (Exception failure) when (failure is HttpRequestException or BenchmarkException && Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(1))
            {
                await Task.Delay(5);
            }
        }
    }

    public async Task<(ulong Term, ulong Applied, string Leader)> StatusAsync(string url)
    {
        using var status = JsonDocument.Parse(await OkAsync(HttpMethod.Get, url + "/status"));
        return (
            ulong.Parse(Field("term"), CultureInfo.InvariantCulture),
            ulong.Parse(Field("applied_index"), CultureInfo.InvariantCulture),
            Field("leader"));

        string Field(string name) => status.RootElement.GetProperty(name).ToString();
    }

    public async Task<string> RoleAsync(string url)
    {
        using var status = JsonDocument.Parse(await OkAsync(HttpMethod.Get, url + "/status"));
        return status.RootElement.GetProperty("role").GetString()!;
    }

    public async Task<string> OkAsync(HttpMethod method, string target, Dictionary<string, string>? form = null)
    {
        using var request = new HttpRequestMessage(method, target);
        request.Content = form is null ? null : new FormUrlEncodedContent(form);
        using var answer = await _client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.StatusCode == HttpStatusCode.OK ? text : throw new BenchmarkException($"{method} {target}: {(int)answer.StatusCode} {text}");
    }

    /// <summary>The lines that wrk is to ask: renewals of all, in turn.</summary>
    public IEnumerable<WrkRequest> Renewals(string? key) => Ids.Select((_, i) => new WrkRequest(
        "POST", RenewalTarget(i), key is null ? null : $"key={key}&data={Uri.EscapeDataString(Data)}"));

    public void Dispose() => _client.Dispose();

    private const string Data = """{"http_addr":"127.0.0.1:9001","tcp_addr":"127.0.0.1:9002","node_id":1,"weight":1}""";

    private static Dictionary<string, string>? Form(string? key) =>
        key is null ? null : new Dictionary<string, string>(StringComparer.Ordinal) { ["key"] = key, ["data"] = Data };

    private string RenewalTarget(int i) => "/lease/keepalive/" + Ids[i];

    private static async Task EachAsync(int count, Func<int, Task> use)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(async _ =>
        {
            for (var i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next))
            {
                await use(i);
            }
        }));
    }
}
