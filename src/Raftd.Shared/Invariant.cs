// The two kinds of failure, part two: the impossible.
//
// An expected failure is a value or a typed exception with its own answer at the API. A broken invariant is a bug or a
// broken machine: no answer to a caller is right, and going on would spread it. It is checked in Release, prints the numbers that
// contradict each other, is caught by no code but the shell of the loop or the stream it happened in, and that shell stops
// the process with an exit code of its own (docs/operations.md).

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Raftd.Shared;

/// <summary>Thrown where the impossible happened. Never caught to go on.</summary>
public sealed class InvariantViolationException(string message) : Exception(message);

public static class Invariant
{
    /// <summary>Stops the process unless <paramref name="condition"/> holds; the message is built only on failure.</summary>
    public static void Check(
        [DoesNotReturnIf(false)] bool condition,
        [InterpolatedStringHandlerArgument(nameof(condition))] ref FailureMessage message)
    {
        if (!condition)
        {
            Broken(message.ToStringAndClear());
        }
    }

    /// <summary>As the other overload, for a fact that needs no numbers.</summary>
    public static void Check([DoesNotReturnIf(false)] bool condition, string message)
    {
        if (!condition)
        {
            Broken(message);
        }
    }

    /// <summary>The point itself must not be reached.</summary>
    [DoesNotReturn]
    public static void Broken(string message) => throw new InvariantViolationException(message);
}

/// <summary>Formats only when the condition is false, so that a check on a hot path costs a branch.</summary>
[InterpolatedStringHandler]
public ref struct FailureMessage
{
    private DefaultInterpolatedStringHandler _text;

    public FailureMessage(int literalLength, int formattedCount, bool condition, out bool build)
    {
        build = !condition;
        _text = build ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
    }

    public void AppendLiteral(string value) => _text.AppendLiteral(value);

    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

    public void AppendFormatted<T>(T value, string? format) => _text.AppendFormatted(value, format);

    public string ToStringAndClear() => _text.ToStringAndClear();
}
