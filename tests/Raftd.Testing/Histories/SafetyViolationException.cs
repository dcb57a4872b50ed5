using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Raftd.Testing.Histories;

/// <summary>A checker saw what must never be. Ends the seed as failed.</summary>
public sealed class SafetyViolationException(string what) : Exception(what)
{
    public static void Require(
        [DoesNotReturnIf(false)] bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref Because because)
    {
        if (!holds)
        {
            throw new SafetyViolationException(because.ToStringAndClear());
        }
    }
}
