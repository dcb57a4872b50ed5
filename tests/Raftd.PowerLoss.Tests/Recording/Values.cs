using System.Globalization;
using System.Text;

namespace Raftd.PowerLoss.Tests.Recording;

/// <summary>Every write has a value that no other write has, known from its key and number alone.</summary>
internal static class Values
{
    public static byte[] KeyOf(int key) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"k{key:d3}"));

    public static int NumberOf(ReadOnlySpan<byte> key) => int.Parse(key[1..], CultureInfo.InvariantCulture);

    /// <summary>Small, of several pages of the state, or larger than a segment of the log.</summary>
    public static byte[] Of(int key, long sequence)
    {
        var random = new Random(HashCode(key, sequence));
        var value = new byte[Length(random)];
        random.NextBytes(value);
        BitConverter.TryWriteBytes(value, sequence);
        return value;
    }

    public static long SequenceOf(ReadOnlySpan<byte> value) => BitConverter.ToInt64(value);

    private static int Length(Random random) => random.Next(64) switch
    {
        0 => 40_000,
        < 8 => random.Next(2_000, 9_000),
        _ => random.Next(sizeof(long), 400),
    };

    private static int HashCode(int key, long sequence) => unchecked((int)((sequence * 1_000_003) + key));
}
