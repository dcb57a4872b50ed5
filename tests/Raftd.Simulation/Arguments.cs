using System.Globalization;

namespace Raftd.Simulation;

/// <summary>What the command line asks for.</summary>
internal sealed record Arguments
{
    public const string Usage =
        "Raftd.Simulation [--leases | --long-leases | --fronts] (--seed N | --seeds FIRST..LAST) [--first-failure] [--trace] [--verbose] "
        + "[--virtual-seconds N] [--members N] [--workers N]";

    public ulong First { get; private set; }

    public ulong Last { get; private set; } = 99;

    /// <summary>Leases and changes of leaders instead of the swarm.</summary>
    public bool Leases { get; private set; }

    /// <summary>Leases of hours and a day, and a change of leaders every quarter of an hour.</summary>
    public bool LongLeases { get; private set; }

    /// <summary>Fronts over a database instead of members.</summary>
    public bool Fronts { get; private set; }

    /// <summary>Ends with the first seed that fails.</summary>
    public bool FirstFailure { get; private set; }

    public bool Trace { get; private set; }

    public bool Verbose { get; private set; }

    /// <summary>Length of the phase with faults, instead of the seed's own.</summary>
    public long? VirtualSeconds { get; private set; }

    /// <summary>Founding members, instead of as many as the seed draws.</summary>
    public int? Members { get; private set; }

    /// <summary>Seeds run side by side.</summary>
    public int Workers { get; private set; } = 1;

    public IEnumerable<ulong> Seeds()
    {
        for (var seed = First; seed <= Last; seed++)
        {
            yield return seed;
        }
    }

    /// <summary>What runs this one seed as it was run here, with all that happens.</summary>
    public string ToRepeat(ulong seed)
    {
        var kind = Leases ? "--leases " : LongLeases ? "--long-leases " : Fronts ? "--fronts " : "";
        var length = VirtualSeconds is { } seconds ? $" --virtual-seconds {seconds}" : "";
        var members = Members is { } count ? $" --members {count}" : "";
        return $"{kind}--seed {seed}{length}{members} --trace";
    }

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
                case "--long-leases":
                    parsed.LongLeases = true;
                    break;
                case "--fronts":
                    parsed.Fronts = true;
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
                case "--workers" when i + 1 < args.Length:
                    parsed.Workers = (int)Number(args[++i]);
                    break;
                case "--members" when i + 1 < args.Length:
                    parsed.Members = (int)Number(args[++i]);
                    break;
                default:
                    throw new FormatException($"{args[i]} is not understood; usage: {Usage}");
            }
        }

        return parsed;
    }

    private static ulong Number(string text) => ulong.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
