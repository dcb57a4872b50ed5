namespace Raftd.Api.Rest.Lists;

/// <summary>An answer that has begun and cannot be ended. Thrown through to Kestrel, which sends what was written and then closes
/// the connection, or resets the stream, without the end of the body.</summary>
/// <remarks>HttpContext.Abort would not do: it resets the connection, and what a slow reader has not taken yet is lost, the line
/// that says why among it.</remarks>
internal sealed class CutShortException(string reason, Exception cause)
    : Exception($"an answer was cut short: {reason}", cause);
