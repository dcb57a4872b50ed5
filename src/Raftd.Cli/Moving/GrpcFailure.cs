namespace Raftd.Cli.Moving;

/// <summary>A server has ended a call with another status than success.</summary>
/// <param name="code">Of gRPC.</param>
/// <param name="text">The server's words.</param>
internal sealed class GrpcFailure(int code, string text) : Exception(text)
{
    public const int DeadlineExceeded = 4;
    public const int NotFound = 5;
    public const int ResourceExhausted = 8;
    public const int FailedPrecondition = 9;
    public const int OutOfRange = 11;
    public const int Unavailable = 14;
    public const int Unauthenticated = 16;

    private const string Busy = "too many requests";

    public int Code { get; } = code;

    /// <summary>It may do the same call a moment later.</summary>
    public bool IsPassing =>
        Code is Unavailable or DeadlineExceeded || (Code == ResourceExhausted && Message.Contains(Busy, StringComparison.Ordinal));

    /// <summary>The answer, or the request, was larger than one of the two sides takes.</summary>
    public bool IsTooLarge => !IsPassing && Code == ResourceExhausted;

    public bool IsCompacted => Code == OutOfRange && Message.Contains("compacted", StringComparison.Ordinal);

    public bool IsNoLease => Code == NotFound && Message.Contains("lease not found", StringComparison.Ordinal);

    public bool IsTakenLease => Code == FailedPrecondition && Message.Contains("lease already exists", StringComparison.Ordinal);

    public bool IsNoKey => Message.Contains("key not found", StringComparison.Ordinal);

    /// <summary>The token has expired, or its server has forgotten it.</summary>
    public bool IsOldToken =>
        Message.Contains("invalid auth token", StringComparison.Ordinal) || Message.Contains("revision of auth store is old", StringComparison.Ordinal);
}
