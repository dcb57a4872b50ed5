using System.Globalization;

namespace Raftd.Mutations;

/// <summary>What the command line asks for.</summary>
internal sealed record Arguments
{
    public const string Usage = "Raftd.Mutations [--check | --list] [--only NAME]... [--quick] [--limit SECONDS] [--workers N]";

    /// <summary>Only looks whether each snippet is where the table says.</summary>
    public bool Check { get; private set; }

    /// <summary>Only prints the names.</summary>
    public bool List { get; private set; }

    /// <summary>Empty for all.</summary>
    public List<string> Only { get; } = [];

    /// <summary>Goes on to the next mutation once one suite has seen it; tests before seeds.</summary>
    public bool Quick { get; private set; }

    /// <summary>For the seeds of one mutation.</summary>
    public TimeSpan Limit { get; private set; } = TimeSpan.FromSeconds(120);

    public int Workers { get; private set; } = Environment.ProcessorCount;

    /// <exception cref="FormatException">An argument that means nothing; says what would.</exception>
    public static Arguments Parse(string[] args)
    {
        var parsed = new Arguments();
        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--check":
                    parsed.Check = true;
                    break;
                case "--list":
                    parsed.List = true;
                    break;
                case "--quick":
                    parsed.Quick = true;
                    break;
                case "--only" when i + 1 < args.Length:
                    parsed.Only.Add(args[++i]);
                    break;
                case "--limit" when i + 1 < args.Length:
                    parsed.Limit = TimeSpan.FromSeconds(Number(args[++i]));
                    break;
                case "--workers" when i + 1 < args.Length:
                    parsed.Workers = Math.Max(1, Number(args[++i]));
                    break;
                default:
                    throw new FormatException($"{args[i]} is not understood; usage: {Usage}");
            }
        }

        return parsed;
    }

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new FormatException($"{text} is no number; usage: {Usage}");
}
