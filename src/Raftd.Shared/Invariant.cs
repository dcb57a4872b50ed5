// There are two kinds of failure. This file is for the second, the impossible.
//
// An expected failure is a value or a typed exception with its own answer at the API. A broken invariant is a bug or a
// broken machine: no answer to a caller is right, and going on would spread the damage. Invariants are checked in Release.
// The message has the numbers that contradict each other. Only the shell of the loop or stream catches the exception, and
// it stops the process with an exit code of its own (docs/operations.md).
//
// One fact for each check, with its numbers, cheap enough for the path it is on. Checks that take a walk through data run
// with RAFTD_VERIFY alone. A peer or client must not be able to make one fail: what they send is refused where it comes in.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Raftd.Shared;

/// <summary>Thrown when the impossible happened. No code catches it to go on.</summary>
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

    /// <summary>The same for a fact that has no numbers.</summary>
    public static void Check([DoesNotReturnIf(false)] bool condition, string message)
    {
        if (!condition)
        {
            Broken(message);
        }
    }

    /// <summary>For a place that must never be reached.</summary>
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
