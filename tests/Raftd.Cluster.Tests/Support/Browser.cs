using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Raftd.Testing;

namespace Raftd.Cluster.Tests.Support;

/// <summary>Debian's Chromium without a window, with one page, driven over its DevTools protocol.</summary>
/// <remarks>No event of the protocol is asked for: each message that comes is the answer to the request before it.</remarks>
internal sealed class Browser : IAsyncDisposable
{
    private const string Program = "/usr/bin/chromium-headless-shell";

    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly ClientWebSocket _page = new();
    private int _requests;

    private Browser(Process process) => _process = process;

    public static async Task<Browser> StartAsync(Scene scene)
    {
        Assert.True(File.Exists(Program), $"{Program} is missing: run 'sudo apt-get install --no-install-recommends chromium-headless-shell'");
        var profile = scene.PathOf("browser");

        // Chromium's own sandbox does not start for root.
        var browser = new Browser(scene.StartLogged(
            scene.PathOf("browser.log"),
            [
                "setsid", Program, "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-breakpad",
                "--remote-debugging-port=0", $"--user-data-dir={profile}", "about:blank",
            ]));
        await browser._page.ConnectAsync(await PageOfAsync(Path.Combine(profile, "DevToolsActivePort")), CancellationToken.None);
        return browser;
    }

    /// <summary>Returns once the page is there: scripts are of its origin then.</summary>
    public async Task OpenAsync(string url)
    {
        await CallAsync("Page.navigate", new JsonObject { ["url"] = url });
        await Until.TrueAsync($"the browser shows {url}", async () =>
            (await RunAsync("document.readyState + ' ' + location.href")).GetString() == $"complete {url}");
    }

    /// <returns>What the script's last expression is, as JSON.</returns>
    public async Task<JsonElement> RunAsync(string script)
    {
        var answer = await CallAsync("Runtime.evaluate", new JsonObject { ["expression"] = script, ["returnByValue"] = true });
        Assert.False(answer.TryGetProperty("exceptionDetails", out var thrown), $"{script}: {thrown}");
        return answer.GetProperty("result").TryGetProperty("value", out var value) ? value : default;
    }

    /// <summary>Its processes have ended when this returns, and leave the profile alone.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await CallAsync("Browser.close", []);
            await _process.WaitForExitAsync().WaitAsync(CallLimit);
        }

        _page.Dispose();
    }

    private static async Task<Uri> PageOfAsync(string portFile)
    {
        using var http = new HttpClient { Timeout = CallLimit };
        return new Uri(await Until.SomeAsync("the browser listens", CallLimit, async () =>
        {
            var port = File.Exists(portFile) ? File.ReadLines(portFile).FirstOrDefault() : null;
            return port is null ? null : PageIn(await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/json/list")));
        }));
    }

    private static string? PageIn(string list) => JsonElement.Parse(list).EnumerateArray()
        .Where(static target => target.GetProperty("type").GetString() == "page")
        .Select(static target => target.GetProperty("webSocketDebuggerUrl").GetString())
        .FirstOrDefault();

    private async Task<JsonElement> CallAsync(string method, JsonObject parameters)
    {
        using var limit = new CancellationTokenSource(CallLimit);
        var request = new JsonObject { ["id"] = ++_requests, ["method"] = method, ["params"] = parameters };
        await _page.SendAsync(
            JsonSerializer.SerializeToUtf8Bytes(request), WebSocketMessageType.Text, endOfMessage: true, limit.Token);
        using var bytes = new MemoryStream();
        var buffer = new byte[16 * 1024];
        ValueWebSocketReceiveResult piece;
        do
        {
            piece = await _page.ReceiveAsync(buffer.AsMemory(), limit.Token);
            bytes.Write(buffer, 0, piece.Count);
        }
        while (!piece.EndOfMessage);

        var answer = JsonSerializer.Deserialize<JsonElement>(bytes.ToArray());
        Assert.Equal(_requests, answer.GetProperty("id").GetInt32());
        return answer.TryGetProperty("result", out var result) ? result : throw new InvalidOperationException($"{method}: {answer}");
    }
}
