namespace Raftd.Peers;

/// <summary>How a member refuses a stream or call of another one: HTTP statuses, each with one meaning.</summary>
internal static class PeerStatus
{
    /// <summary>The caller's headers make no sense.</summary>
    public const int BadRequest = 400;

    /// <summary>There is no such path.</summary>
    public const int NotFound = 404;

    /// <summary>The caller means another cluster or member.</summary>
    public const int Conflict = 409;

    /// <summary>The caller was removed from the cluster; the body is a RemovalNotice.</summary>
    public const int Gone = 410;

    /// <summary>This member is not in a cluster yet, or has cut itself off.</summary>
    public const int Unavailable = 503;
}
