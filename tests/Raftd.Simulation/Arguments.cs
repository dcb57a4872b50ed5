using System.Globalization;

namespace Raftd.Simulation;

/// <summary>What the command line asks for.</summary>
internal sealed record Arguments
{
    public const string Usage =
        "Raftd.Simulation [--leases] (--seed N | --seeds FIRST..LAST) [--first-failure] [--trace] [--verbose] [--virtual-seconds N]";

    public ulong First { get; private set; }

    public ulong Last { get; private set; } = 99;

    /// <summary>Leases and changes of leaders instead of the swarm.</summary>
    public bool Leases { get; private set; }

    /// <summary>Ends with the first seed that fails.</summary>
    public bool FirstFailure { get; private set; }

    public bool Trace { get; private set; }

    public bool Verbose { get; private set; }

    public long? VirtualSeconds { get; private set; }

    /// <exception cref="FormatException">An argument that means nothing; says what would.</exception>
    public static Arguments Parse(string[] args)
    {
        var parsed = new Arguments();
        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--leases":
                    parsed.Leases = true;
                    break;
                case "--first-failure":
                    parsed.FirstFailure = true;
                    break;
                case "--trace":
                    parsed.Trace = true;
                    break;
                case "--verbose":
                    parsed.Verbose = true;
                    break;
                case "--seed" when i + 1 < args.Length:
                    parsed.First = parsed.Last = Number(args[++i]);
                    parsed.Verbose = true;
                    break;
                case "--seeds" when i + 1 < args.Length && args[i + 1].Split("..") is [var first, var last]:
                    (parsed.First, parsed.Last) = (Number(first), Number(last));
                    i++;
                    break;
                case "--virtual-seconds" when i + 1 < args.Length:
                    parsed.VirtualSeconds = (long)Number(args[++i]);
                    break;
                default:
                    throw new FormatException($"{args[i]} is not understood; usage: {Usage}");
            }
        }

        return parsed;
    }

    private static ulong Number(string text) => ulong.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
