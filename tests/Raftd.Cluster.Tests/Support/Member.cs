using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Raftd.Testing;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests.Support;

/// <summary>One member: a command line, a data directory, a log file, and the process while it runs.</summary>
internal sealed class Member
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(15);

    // No redirects: they are among the things tested.
    private static readonly HttpClient ClearText =
        new(new SocketsHttpHandler { AllowAutoRedirect = false, MaxConnectionsPerServer = 256 }) { Timeout = Timeout.InfiniteTimeSpan };

    private readonly Scene _scene;
    private long _logStart;

    public Member(Scene scene, string label, string[] flags, string? dataDirectory = null)
    {
        _scene = scene;
        Label = label;
        Flags = flags;
        DataDirectory = dataDirectory ?? scene.PathOf(label);
        LogPath = scene.PathOf(label + ".log");
    }

    public string Label { get; }

    public string[] Flags { get; set; }

    public string? Join { get; set; }

    /// <summary>The URL of the database that it is a front of; null for a member with data of its own.</summary>
    public string? Store { get; init; }

    /// <summary>What is started; the flags follow.</summary>
    public string[] Program { get; set; } = [Checkout.Launcher];

    public string DataDirectory { get; set; }

    /// <summary>What asks it over TLS, where its clients speak that.</summary>
    public HttpClient? Tls { get; init; }

    /// <summary>Environment variables of its own.</summary>
    public (string Name, string Value)[] Variables { get; set; } = [];

    public string LogPath { get; }

    public int HttpPort { get; init; } = Ports.Free();

    public int RaftPort { get; init; } = Ports.Free();

    /// <summary>Where clients reach it.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Where the other members reach it, and the address that it tells them.</summary>
    public string PeerHost { get; init; } = "127.0.0.1";

    /// <summary>The words before its command line: a program that becomes the member.</summary>
    public string[] Prefix { get; set; } = [];

    public string Address => $"{Host}:{HttpPort}";

    public Process? Process { get; private set; }

    public bool IsRunning => Process is { HasExited: false };

    /// <summary>What it wrote since it was started last.</summary>
    public string Log
    {
        get
        {
            using var file = new FileStream(LogPath, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite);
            file.Position = Math.Min(_logStart, file.Length);
            using var reader = new StreamReader(file, Encoding.UTF8);
            return reader.ReadToEnd();
        }
    }

    /// <summary>The last line on stderr: where it ended on its own, `raftd: what happened: what to do`.</summary>
    public string LastLine => Log.TrimEnd().Split('\n')[^1];

    public Member Start()
    {
        string[] join = Join is null ? [] : ["-join", Join];
        _logStart = File.Exists(LogPath) ? new FileInfo(LogPath).Length : 0;
        Process = _scene.StartLogged(
            LogPath,
            [
                .. Prefix, .. Program, "-id", Label, .. ListenFlags(), "-raddr", $"{PeerHost}:{RaftPort}", .. join, .. Flags,
                .. Store is null ? (string[])[DataDirectory] : ["-store", Store],
            ],
            Variables);
        return this;
    }

    public void Signal(Signal signal)
    {
        if (IsRunning)
        {
            Signals.Send(Process!.Id, signal);
        }
    }

    /// <summary>kill -9, and gone when this returns.</summary>
    public async Task KillAsync()
    {
        Signal(Raftd.Testing.Processes.Signal.Kill);
        await EndAsync();
    }

    public async Task<int> StopAsync()
    {
        Signal(Raftd.Testing.Processes.Signal.Terminate);
        return await EndAsync();
    }

    /// <returns>The exit code of a process that ends by itself or was told to.</returns>
    public async Task<int> EndAsync(int limitSeconds = 30)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(limitSeconds));
        try
        {
            await Process!.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException late)
        {
            throw new TimeoutException($"{Label} still runs after {limitSeconds} s", late);
        }

        return Process!.ExitCode;
    }

    /// <summary>Returns once clients may be sent here.</summary>
    public Task ReadyAsync(int limitSeconds = 60) => Until.TrueAsync(
        $"{Label} is ready",
        TimeSpan.FromSeconds(limitSeconds),
        async () =>
        {
            Assert.True(IsRunning, $"{Label} ended at its start: {LastLine}");
            return (await GetAsync("/readyz")).Status == 200;
        });

    public Task<Answer> GetAsync(string target) => SendAsync(HttpMethod.Get, target);

    public Task<Answer> PutAsync(string target, byte[] body) => SendAsync(HttpMethod.Put, target, body);

    public Task<Answer> PutAsync(string target, string body) => PutAsync(target, Encoding.UTF8.GetBytes(body));

    public Task<Answer> PostAsync(string target, params (string Name, string Value)[] form) => SendAsync(
        HttpMethod.Post, target, new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value))));

    public Task<Answer> SendAsync(
        HttpMethod method, string target, byte[]? body = null, TimeSpan? limit = null, Action<HttpRequestHeaders>? headers = null) =>
        SendAsync(method, target, body is null ? null : new ByteArrayContent(body), limit, headers);

    public async Task<MemberStatus> StatusAsync() => new((await GetAsync("/status")).Json);

    /// <exception cref="HttpRequestException">As HttpClient, which lets a bare SocketException through where the member is killed in
    /// the moment in which it has taken the connection.</exception>
    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await (Tls ?? ClearText).SendAsync(request, cancellationToken);
        }
        catch (SocketException gone)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, gone.Message, gone);
        }
    }

    /// <summary>No body, as an empty one: where a connection that was used before breaks without an answer, HttpClient sends a request again
    /// by itself that has none. A change would be made twice, or be called refused by the member that made it and died.</summary>
    private static ByteArrayContent SentOnce() => new([]);

    private string[] ListenFlags() => Host == PeerHost
        ? ["-haddr", Address]
        : ["-haddr", $":{HttpPort}", "-advertise-haddr", $"{PeerHost}:{HttpPort}"];

    private async Task<Answer> SendAsync(
        HttpMethod method, string target, HttpContent? body, TimeSpan? limit = null, Action<HttpRequestHeaders>? headers = null)
    {
        using var timer = new CancellationTokenSource(limit ?? CallLimit);
        using var request = new HttpRequestMessage(method, new Uri($"{(Tls is null ? "http" : "https")}://{Address}{target}"))
        {
            Content = body ?? (method == HttpMethod.Get || method == HttpMethod.Head ? null : SentOnce()),
        };
        headers?.Invoke(request.Headers);
        using var response = await SendAsync(request, timer.Token);
        return new Answer((int)response.StatusCode, response.Headers, await response.Content.ReadAsByteArrayAsync(timer.Token));
    }
}
