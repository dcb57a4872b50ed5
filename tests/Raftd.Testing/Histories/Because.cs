using System.Runtime.CompilerServices;

namespace Raftd.Testing.Histories;

/// <summary>The text of a broken rule, made only when it is broken: the rules are looked at a million times.</summary>
[InterpolatedStringHandler]
public ref struct Because
{
    private DefaultInterpolatedStringHandler _text;

    public Because(int literalLength, int formattedCount, bool holds, out bool build)
    {
        build = !holds;
        _text = build ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
    }

    public void AppendLiteral(string value) => _text.AppendLiteral(value);

    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

    public void AppendFormatted<T>(T value, string? format) => _text.AppendFormatted(value, format);

    public string ToStringAndClear() => _text.ToStringAndClear();
}
