using System.Globalization;
using Raftd.Testing.Processes;

namespace Raftd.Benchmarks;

/// <summary>What to measure, and how long.</summary>
internal sealed record BenchmarkOptions
{
    private static readonly string[] Modes = ["rest", "cluster", "etcd", "leases", "lease-keys", "failover", "startup", "idle", "greedy", "space", "watchers", "backup", "fronts", "front-scale", "all", "limit-get", "limit-put"];

    public string Mode { get; private init; } = "rest";

    public int Rounds { get; private init; } = 5;

    /// <summary>Of each measurement of each round.</summary>
    public int Seconds { get; private init; } = 5;

    public int Connections { get; private init; } = 64;

    /// <summary>Threads of wrk. One is enough for 64 connections on two cores, and leaves the rest to the server.</summary>
    public int Threads { get; private init; } = 1;

    public int ValueBytes { get; private init; } = 256;

    public int Keys { get; private init; } = 10_000;

    /// <summary>On the disk to be measured; emptied before each use, removed at the end.</summary>
    public string DataDirectory { get; private init; } = Path.Combine(Checkout.Root, "out", "benchmark-data");

    /// <summary>Of the mode etcd: only rows whose name contains this.</summary>
    public string Row { get; private init; } = "";

    /// <summary>The first port; the next thirty are used too.</summary>
    public int Port { get; private init; } = 19000;

    /// <exception cref="BenchmarkException">An argument is unknown or malformed.</exception>
    public static BenchmarkOptions Parse(string[] args)
    {
        var options = new BenchmarkOptions();
        for (var i = 0; i < args.Length; i++)
        {
            if (i == 0 && Modes.Contains(args[0], StringComparer.Ordinal))
            {
                options = options with { Mode = args[0] };
                continue;
            }

            if (i + 1 == args.Length)
            {
                throw Usage($"`{args[i]}` is no mode and needs a value");
            }

            options = options.With(args[i], args[++i]);
        }

        return options;
    }

    public BenchmarkOptions WithConnections(int connections) => this with { Connections = connections };

    private BenchmarkOptions With(string name, string value) => name switch
    {
        "--rounds" => this with { Rounds = Number(name, value) },
        "--seconds" => this with { Seconds = Number(name, value) },
        "--connections" => this with { Connections = Number(name, value) },
        "--threads" => this with { Threads = Number(name, value) },
        "--value-bytes" => this with { ValueBytes = Number(name, value) },
        "--keys" => this with { Keys = Number(name, value) },
        "--row" => this with { Row = value },
        "--port" => this with { Port = Number(name, value) },
        "--data" => this with { DataDirectory = Path.GetFullPath(value) },
        _ => throw Usage($"there is no option {name}"),
    };

    private static int Number(string name, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw Usage($"{name} takes a number above 0, not `{value}`");

    private static BenchmarkException Usage(string problem) => new(
        $"{problem}. Usage: [{string.Join('|', Modes[..^2])}] [--rounds N] [--seconds N] [--connections N] [--threads N] "
        + "[--value-bytes N] [--keys N] [--data DIRECTORY] [--port N] [--row TEXT]");
}
