namespace Raftd.Contract;

/// <summary>An expected failure, with what a user can do about it.</summary>
/// <param name="code">Which failure; decides the status at the API.</param>
/// <param name="message">What happened, with the values that matter. Never an internal detail.</param>
/// <param name="hint">What to do; empty where the message says it all.</param>
/// <param name="leaderUrl">The leader's client URL where it is known and would help, else null.</param>
public sealed class StoreException(ErrorCode code, string message, string hint = "", string? leaderUrl = null)
    : Exception(message)
{
    public ErrorCode Code { get; } = code;

    public string Hint { get; } = hint;

    public string? LeaderUrl { get; } = leaderUrl;
}
