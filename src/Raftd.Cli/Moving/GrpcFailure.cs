using Raftd.Api.Etcd;

namespace Raftd.Cli.Moving;

/// <summary>A server has ended a call with another status than success.</summary>
/// <param name="text">The server's words.</param>
internal sealed class GrpcFailure(GrpcCode code, string text) : Exception(text)
{
    private const string Busy = "too many requests";

    /// <summary>It may do the same call a moment later.</summary>
    public bool IsPassing =>
        code is GrpcCode.Unavailable or GrpcCode.DeadlineExceeded || (code == GrpcCode.ResourceExhausted && Message.Contains(Busy, StringComparison.Ordinal));

    /// <summary>The answer, or the request, was larger than one of the two sides takes.</summary>
    public bool IsTooLarge => !IsPassing && code == GrpcCode.ResourceExhausted;

    public bool IsCompacted => code == GrpcCode.OutOfRange && Message.Contains("compacted", StringComparison.Ordinal);

    public bool IsNoLease => code == GrpcCode.NotFound && Message.Contains("lease not found", StringComparison.Ordinal);

    public bool IsTakenLease => code == GrpcCode.FailedPrecondition && Message.Contains("lease already exists", StringComparison.Ordinal);

    public bool IsNoKey => Message.Contains("key not found", StringComparison.Ordinal);

    /// <summary>The token has expired, or its server has forgotten it.</summary>
    public bool IsOldToken =>
        Message.Contains("invalid auth token", StringComparison.Ordinal) || Message.Contains("revision of auth store is old", StringComparison.Ordinal);
}
