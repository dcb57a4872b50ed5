using System.Buffers;
using System.Globalization;

namespace Raftd.Cli.Settings;

/// <summary>Durations as people write them: <c>500ms</c>, <c>10s</c>, <c>1m</c>, <c>1m30s</c>, <c>1.5s</c>.</summary>
internal static class DurationText
{
    public const string Wanted = "expected a duration with its unit, such as 500ms, 10s or 1m";

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary>Longest first where one unit begins another (<c>ms</c> before <c>m</c>).</summary>
    private static readonly (string Name, TimeSpan Length)[] Units =
    [
        ("ms", TimeSpan.FromMilliseconds(1)),
        ("s", TimeSpan.FromSeconds(1)),
        ("m", TimeSpan.FromMinutes(1)),
        ("h", TimeSpan.FromHours(1)),
    ];

    /// <summary>
    /// Up to 10 000 hours; a number without a unit is refused, because the unit that was meant cannot be known.
    /// </summary>
    public static bool TryParse(string text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        var rest = text.AsSpan();
        while (TryTakePart(ref rest, out var part) && value + part <= TimeSpan.FromHours(10_000))
        {
            value += part;
            if (rest.IsEmpty)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The largest unit that leaves a whole number: <c>1m</c>, <c>90s</c>, <c>1500ms</c>.</summary>
    public static string Format(TimeSpan value)
    {
        if (value == TimeSpan.Zero)
        {
            return "0s";
        }

        var (name, length) = Units.Reverse().FirstOrDefault(unit => value.Ticks % unit.Length.Ticks == 0, Units[0]);
        return (value / length).ToString(CultureInfo.InvariantCulture) + name;
    }

    private static bool TryTakePart(ref ReadOnlySpan<char> rest, out TimeSpan part)
    {
        part = TimeSpan.Zero;
        var digits = rest.IndexOfAnyExcept(Digits);
        if (digits <= 0 || !double.TryParse(
                rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number > 1e10)
        {
            return false;
        }

        rest = rest[digits..];
        foreach (var (name, length) in Units)
        {
            if (rest.StartsWith(name, StringComparison.Ordinal))
            {
                rest = rest[name.Length..];
                part = length * number;
                return true;
            }
        }

        return false;
    }
}
