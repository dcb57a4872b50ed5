using System.Diagnostics;
using System.Globalization;
using System.Net;
using Raftd.Testing.Processes;

namespace Raftd.Benchmarks;

/// <summary>One server under measurement: a process of its own, ended with this object.</summary>
internal sealed class ServerProcess : IDisposable
{
    private const long TicksPerSecond = 100; // USER_HZ, the same on every Linux that .NET runs on

    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);
    private static readonly HttpClient Client = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly Process _process;
    private bool _isDisposed;

    private ServerProcess(string name, int port, Process process, TimeSpan timeToReady)
    {
        Name = name;
        Url = UrlOf(port);
        Label = LabelOf(port);
        _process = process;
        TimeToReady = timeToReady;
    }

    public string Name { get; }

    public string Url { get; }

    /// <summary>From exec to the first 200 of its readiness path.</summary>
    public TimeSpan TimeToReady { get; }

    /// <summary>User and system time so far.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            var fields = File.ReadAllText($"/proc/{_process.Id}/stat").Split(')')[^1].Split(' ');
            var ticks = long.Parse(fields[12], CultureInfo.InvariantCulture) + long.Parse(fields[13], CultureInfo.InvariantCulture);
            return TimeSpan.FromSeconds((double)ticks / TicksPerSecond);
        }
    }

    /// <summary>A line of /proc/PID/status, such as VmRSS, in MB.</summary>
    public double MemoryMegabytes(string field) => File.ReadLines($"/proc/{_process.Id}/status")
        .Where(line => line.StartsWith(field + ":", StringComparison.Ordinal))
        .Select(line => double.Parse(line[(field.Length + 1)..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) / 1024)
        .Single();

    /// <summary>What a member is called in its cluster.</summary>
    public string Label { get; }

    /// <summary>A member, through the launcher as a user starts it. It must be built already.</summary>
    /// <param name="directory">Its data directory.</param>
    /// <param name="port">For clients; the peers' is 50 above.</param>
    /// <param name="joinPort">Of a member to join through, or null to found a cluster.</param>
    /// <param name="flags">More of them.</param>
    public static Task<ServerProcess> StartMemberAsync(string directory, int port, int? joinPort = null, params string[] flags)
    {
        string[] join = joinPort is { } to ? ["-join", $"127.0.0.1:{to}"] : [];
        return StartAsync(
            "raftd", Checkout.Launcher,
            ["-id", LabelOf(port), "-haddr", $"127.0.0.1:{port}", "-raddr", $"127.0.0.1:{port + 50}", .. join, .. flags, directory],
            port, "/readyz");
    }

    /// <summary>A front over a database.</summary>
    /// <param name="database">Its URL.</param>
    /// <param name="port">For clients; the other fronts' is 50 above.</param>
    public static Task<ServerProcess> StartFrontAsync(string database, int port, bool isReached) => StartAsync(
        "front", Checkout.Launcher,
        [
            "-id", LabelOf(port), "-haddr", $"127.0.0.1:{port}", "-store", database,
            .. isReached ? ["-raddr", $"127.0.0.1:{port + 50}"] : Array.Empty<string>(),
        ],
        port, "/readyz");

    /// <summary>A member of a new cluster of the distribution's etcd, with its defaults but for what it writes to the terminal.</summary>
    /// <param name="directory">Its data directory.</param>
    /// <param name="port">For clients; the peers' is 50 above.</param>
    /// <param name="cluster">The ports of all members.</param>
    public static Task<ServerProcess> StartEtcdAsync(string directory, int port, IEnumerable<int> cluster) => StartAsync(
        "etcd", "etcd",
        [
            "--name", LabelOf(port), "--data-dir", directory, "--log-level", "error",
            "--listen-client-urls", UrlOf(port), "--advertise-client-urls", UrlOf(port),
            "--listen-peer-urls", UrlOf(port + 50), "--initial-advertise-peer-urls", UrlOf(port + 50),
            "--initial-cluster", string.Join(',', cluster.Select(each => $"{LabelOf(each)}={UrlOf(each + 50)}")),
        ],
        port, "/health");

    /// <summary>This program again, as one of its limits.</summary>
    public static Task<ServerProcess> StartLimitAsync(string mode, string directory, int port) => StartAsync(
        mode, Environment.ProcessPath!,
        [
            .. Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(ServerProcess).Assembly.Location] : Array.Empty<string>(),
            mode, "--port", port.ToString(CultureInfo.InvariantCulture), "--data", directory,
        ],
        port, "/");

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (!_process.HasExited)
        {
            Signals.Send(_process.Id, Signal.Terminate);
            if (!_process.WaitForExit(StopLimit))
            {
                _process.Kill();
                _process.WaitForExit();
            }
        }

        _process.Dispose();
    }

    /// <summary>As a loss of power would, but for the disk.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    private static string LabelOf(int port) => string.Create(CultureInfo.InvariantCulture, $"node{port}");

    private static string UrlOf(int port) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

    private static async Task<ServerProcess> StartAsync(string name, string program, string[] arguments, int port, string readyPath)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment["RAFTD_NO_BUILD"] = "1";
        var started = Stopwatch.GetTimestamp();
        var process = Process.Start(start)!;
        var tail = new Tail(process);
        while (Stopwatch.GetElapsedTime(started) < ReadyLimit && !process.HasExited)
        {
            if (await IsReadyAsync(UrlOf(port) + readyPath))
            {
                return new ServerProcess(name, port, process, Stopwatch.GetElapsedTime(started));
            }

            await Task.Delay(5);
        }

        if (!process.HasExited)
        {
            process.Kill();
        }

        throw new BenchmarkException($"{name} at port {port} did not become ready:{Environment.NewLine}{tail}");
    }

    private static async Task<bool> IsReadyAsync(string url)
    {
        try
        {
            using var answer = await Client.GetAsync(new Uri(url));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            // It does not listen yet, or it waits for a leader longer than a client here does.
            return false;
        }
    }

    /// <summary>Drains what a process says, and keeps the end of it.</summary>
    private sealed class Tail
    {
        private const int MaxLines = 20;

        private readonly Queue<string> _lines = new(); // guarded by itself: two readers add

        public Tail(Process process)
        {
            process.OutputDataReceived += (_, line) => Add(line.Data);
            process.ErrorDataReceived += (_, line) => Add(line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public override string ToString()
        {
            lock (_lines)
            {
                return string.Join(Environment.NewLine, _lines);
            }
        }

        private void Add(string? line)
        {
            lock (_lines)
            {
                if (line is not null)
                {
                    _lines.Enqueue(line);
                }

                if (_lines.Count > MaxLines)
                {
                    _lines.Dequeue();
                }
            }
        }
    }
}
