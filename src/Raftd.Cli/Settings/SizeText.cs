using System.Globalization;

namespace Raftd.Cli.Settings;

/// <summary>Sizes in bytes as people write them: <c>4096</c>, <c>64KiB</c>, <c>32MiB</c>, <c>8GiB</c>.</summary>
/// <remarks>Only powers of 1024, by their own names: half of all readers would take MB for the other unit.</remarks>
internal static class SizeText
{
    public const string Wanted = "expected a size, such as 4096, 64KiB, 32MiB or 8GiB";

    private static readonly (string Name, long Bytes)[] Units =
        [("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10), ("B", 1)];

    public static bool TryParse(string text, out long bytes)
    {
        var number = text.AsSpan();
        var unit = 1L;
        foreach (var (name, size) in Units)
        {
            if (text.EndsWith(name, StringComparison.OrdinalIgnoreCase))
            {
                number = text.AsSpan(0, text.Length - name.Length).TrimEnd(' ');
                unit = size;
                break;
            }
        }

        bytes = 0;
        if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            || count > long.MaxValue / unit)
        {
            return false;
        }

        bytes = count * unit;
        return true;
    }

    /// <summary>The largest unit that leaves a whole number.</summary>
    public static string Format(long bytes)
    {
        var (name, size) = Units.First(unit => bytes % unit.Bytes == 0 && (bytes != 0 || unit.Bytes == 1));
        return size == 1 ? $"{bytes}" : $"{bytes / size}{name}";
    }
}
