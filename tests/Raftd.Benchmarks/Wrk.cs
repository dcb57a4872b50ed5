using System.Diagnostics;
using System.Globalization;
using Raftd.Testing.Processes;

namespace Raftd.Benchmarks;

/// <summary>Drives wrk, with scripts written here: requests are formatted before the clock starts, for every server alike.</summary>
internal sealed class Wrk : IDisposable
{
    private const string Script =
        """
        local requests, at = {}, 0

        function init(args)
          local method, keys, body, suffix = args[1], tonumber(args[2]), nil, args[4] or ""
          if method == "FILE" then
            return init_from_file(args[2])
          end
          if method == "PUT" then
            body = string.rep("x", tonumber(args[3]))
          end
          for i = 1, keys do
            requests[i] = wrk.format(method, "/key/bench/" .. i .. suffix, nil, body)
          end
          math.randomseed(os.time())
          at = math.random(keys)
        end

        function init_from_file(path)
          for line in io.lines(path) do
            local method, target, body = line:match("^(%S+) (%S+) ?(%S*)$")
            local headers = nil
            if body == "" then body = nil else headers = {["Content-Type"] = "application/x-www-form-urlencoded"} end
            requests[#requests + 1] = wrk.format(method, target, headers, body)
          end
        end

        function request()
          at = at % #requests + 1
          return requests[at]
        end

        function done(summary, latency, requests)
          local e = summary.errors
          io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration,
            latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
        end
        """;

    private readonly BenchmarkOptions _options;
    private readonly string _script = Path.Combine(Path.GetTempPath(), $"raftd-benchmark-{Environment.ProcessId}.lua");

    public Wrk(BenchmarkOptions options)
    {
        _options = options;
        File.WriteAllText(_script, Script);
    }

    /// <exception cref="BenchmarkException">There is no wrk and it could not be installed.</exception>
    public static void Require() => Machine.RequireProgram("wrk", "wrk");

    /// <summary>PUT or GET over all keys, for as long as the options say.</summary>
    /// <param name="server">Who is asked; its CPU time is measured too.</param>
    /// <param name="method">PUT or GET.</param>
    /// <param name="suffix">Appended to the path: a query, or nothing.</param>
    /// <param name="seconds">0: as the options say.</param>
    /// <param name="connections">0: as the options say.</param>
    public Task<WrkResult> RunAsync(ServerProcess server, string method, string suffix = "", int seconds = 0, int connections = 0) =>
        MeasureAsync(server, seconds, connections, method, Text(_options.Keys), Text(_options.ValueBytes), suffix);

    /// <summary>Any requests, one after the other and then again from the first.</summary>
    public async Task<WrkResult> RunAsync(ServerProcess server, IEnumerable<WrkRequest> requests, int seconds = 0)
    {
        var file = _script + ".requests";
        await File.WriteAllLinesAsync(file, requests.Select(request => $"{request.Method} {request.Target} {request.Form}"));
        try
        {
            return await MeasureAsync(server, seconds, connections: 0, "FILE", file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private async Task<WrkResult> MeasureAsync(ServerProcess server, int seconds, int connections, params string[] arguments)
    {
        var before = server.CpuTime;
        var output = await RunAsync(
        [
            $"-t{_options.Threads}", $"-c{(connections > 0 ? connections : _options.Connections)}", $"-d{(seconds > 0 ? seconds : _options.Seconds)}s", "-s", _script,
            server.Url, "--", .. arguments,
        ]);
        var cpu = server.CpuTime - before;
        var line = output.Split('\n').FirstOrDefault(line => line.StartsWith("RESULT ", StringComparison.Ordinal))
            ?? throw new BenchmarkException($"wrk said nothing of use:{Environment.NewLine}{output}");
        var numbers = line[7..].Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray();
        return numbers[4] == 0 && numbers[0] > 0
            ? new WrkResult(numbers[0] / (numbers[1] / 1e6), numbers[2] / 1000, numbers[3] / 1000, cpu.TotalMicroseconds / numbers[0])
            : throw new BenchmarkException($"{numbers[4]:0} of {numbers[0]:0} answers of {server.Name} to {arguments[0]} were errors");
    }

    public void Dispose() => File.Delete(_script);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task<string> RunAsync(params string[] arguments)
    {
        var wrk = await Subprocess.RunAsync(new ProcessStartInfo("wrk", arguments));
        return wrk.Output + wrk.Error;
    }
}

/// <summary>A request of wrk.</summary>
/// <param name="Method">Such as POST.</param>
/// <param name="Target">Path and query, without a space.</param>
/// <param name="Form">An urlencoded body; null for none.</param>
internal sealed record WrkRequest(string Method, string Target, string? Form = null);

/// <summary>One measurement; NaN for what is not known.</summary>
/// <param name="PerSecond">Requests answered with 2xx in a second.</param>
/// <param name="P50Ms">Median latency.</param>
/// <param name="P99Ms">Latency of the slowest hundredth.</param>
/// <param name="CpuMicroseconds">Of the asked server, for each request: the figure that a busy machine spoils least.</param>
internal readonly record struct WrkResult(
    double PerSecond, double P50Ms = double.NaN, double P99Ms = double.NaN, double CpuMicroseconds = double.NaN)
{
    public static WrkResult Median(IReadOnlyCollection<WrkResult> results) => new(
        Statistics.Median(results.Select(result => result.PerSecond)),
        Statistics.Median(results.Select(result => result.P50Ms)),
        Statistics.Median(results.Select(result => result.P99Ms)),
        Statistics.Median(results.Select(result => result.CpuMicroseconds)));

    public override string ToString() =>
        $"{PerSecond,9:N0}/s   p50 {Known(P50Ms, "0.00"),6} ms   p99 {Known(P99Ms, "0.00"),7} ms   {Known(CpuMicroseconds, "0.0"),5} us of CPU each";

    private static string Known(double figure, string format) => double.IsNaN(figure) ? "-" : figure.ToString(format, CultureInfo.InvariantCulture);
}
