using System.Globalization;
using System.Text;

namespace Raftd.PowerLoss.Tests.Replaying;

/// <summary>An argument of a call: as strace shows it, the bytes of its strings apart.</summary>
/// <param name="Text">Without the strings.</param>
/// <param name="Bytes">All strings in it, one behind the other: of writev the whole of what is written.</param>
internal sealed record Argument(string Text, byte[] Bytes)
{
    /// <summary>Decimal, 0x hexadecimal or leading-0 octal.</summary>
    public long Number => Text.StartsWith("0x", StringComparison.Ordinal)
        ? long.Parse(Text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
        : long.Parse(Text, CultureInfo.InvariantCulture);

    public int Descriptor => (int)Number;

    public string Path => Encoding.UTF8.GetString(Bytes);

    public bool Has(string flag) => Text.Split('|').Contains(flag, StringComparer.Ordinal);
}

/// <summary>One system call of the recorded process.</summary>
internal sealed class Call(int thread, string name, IReadOnlyList<Argument> arguments)
{
    public int Thread { get; } = thread;

    public string Name { get; } = name;

    public IReadOnlyList<Argument> Arguments { get; } = arguments;

    /// <summary>What it returned, -1 with any error; null if it never did: the process was killed in it.</summary>
    public long? Result { get; set; }
}

/// <summary>A call begins, or ends, or both with nothing in between that was seen.</summary>
internal readonly record struct TraceEvent(Call Call, bool Begins, bool Ends);
