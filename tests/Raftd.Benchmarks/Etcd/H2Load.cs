using System.Diagnostics;
using System.Globalization;
using Raftd.Testing.Processes;

namespace Raftd.Benchmarks.Etcd;

/// <summary>Drives h2load (Debian package nghttp2-client): one prepared request, sent over and over.</summary>
internal static class H2Load
{
    // Of each connection of gRPC; together as many calls under way as a busy service has.
    private const int Streams = 4;

    /// <exception cref="BenchmarkException">There is no h2load and it could not be installed.</exception>
    public static void Require() => Machine.RequireProgram("h2load", "nghttp2-client");

    /// <summary>A call of gRPC.</summary>
    /// <param name="contender">Who is asked; the CPU time of all its members is measured too.</param>
    /// <param name="method">Its service and name.</param>
    /// <param name="frame">The request.</param>
    /// <param name="options">Connections and seconds.</param>
    public static Task<WrkResult> RunAsync(Contender contender, string method, byte[] frame, BenchmarkOptions options) => RunAsync(
        contender, method, frame, options,
        $"--max-concurrent-streams={Streams}", "--header=content-type: application/grpc", "--header=te: trailers");

    /// <summary>A call in JSON. Over HTTP/1.1, one request of a connection after the other, as etcd knows no other for it in clear
    /// text.</summary>
    public static Task<WrkResult> RunJsonAsync(Contender contender, string path, byte[] text, BenchmarkOptions options) =>
        RunAsync(contender, path, text, options, "--h1", "--max-concurrent-streams=1", "--header=content-type: application/json");

    private static async Task<WrkResult> RunAsync(
        Contender contender, string path, byte[] content, BenchmarkOptions options, params string[] arguments)
    {
        var body = Path.Combine(options.DataDirectory, "request");
        var log = Path.Combine(options.DataDirectory, "latencies");
        await File.WriteAllBytesAsync(body, content);
        var before = contender.CpuTime;
        var said = await Subprocess.RunAsync(new ProcessStartInfo("h2load",
        [
            $"--duration={options.Seconds}", $"--clients={options.Connections}", $"--threads={options.Threads}", $"--data={body}",
            $"--log-file={log}", .. arguments, $"{contender.Url}/{path}",
        ]));
        var cpu = contender.CpuTime - before;
        var latencies = await ReadLatenciesAsync(log);
        File.Delete(log);
        if (latencies.Length == 0)
        {
            throw new BenchmarkException($"{contender.Name} answered no {path}:{Environment.NewLine}{said.Output}{said.Error}");
        }

        return new WrkResult(
            (double)latencies.Length / options.Seconds,
            latencies[latencies.Length / 2] / 1000.0,
            latencies[latencies.Length * 99L / 100] / 1000.0,
            cpu.TotalMicroseconds / latencies.Length);
    }

    /// <returns>Microseconds, sorted.</returns>
    /// <exception cref="BenchmarkException">An answer was an error of HTTP. h2load does not see those of gRPC: the caller has
    /// tried the request before.</exception>
    private static async Task<long[]> ReadLatenciesAsync(string log)
    {
        var latencies = new List<long>();
        await foreach (var line in File.ReadLinesAsync(log))
        {
            // Start in microseconds, status, duration in microseconds.
            var fields = line.Split('\t');
            if (fields[1] != "200")
            {
                throw new BenchmarkException($"an answer has the status {fields[1]}");
            }

            latencies.Add(long.Parse(fields[2], CultureInfo.InvariantCulture));
        }

        latencies.Sort();
        return [.. latencies];
    }
}
