using System.Diagnostics.CodeAnalysis;

namespace Raftd.Api.Etcd;

/// <summary>How a call ended, with the text for the client. Clients of etcd know errors by their exact text, so those that
/// etcd has stand here with its words; the others are ours.</summary>
internal sealed record EtcdStatus(GrpcCode Code, string Message)
{
    public static readonly EtcdStatus Ok = new(GrpcCode.Ok, "");

    // Keys and transactions.
    public static readonly EtcdStatus EmptyKey = Wrong("etcdserver: key is not provided");
    public static readonly EtcdStatus KeyNotFound = Wrong("etcdserver: key not found");
    public static readonly EtcdStatus ValueProvided = Wrong("etcdserver: value is provided");
    public static readonly EtcdStatus LeaseProvided = Wrong("etcdserver: lease is provided");
    public static readonly EtcdStatus TooManyOps = Wrong("etcdserver: too many operations in txn request");
    public static readonly EtcdStatus DuplicateKey = Wrong("etcdserver: duplicate key given in txn request");
    public static readonly EtcdStatus InvalidSortOption = Wrong("etcdserver: invalid sort option");
    public static readonly EtcdStatus RequestTooLarge = Wrong("etcdserver: request is too large");
    public static readonly EtcdStatus Compacted =
        new(GrpcCode.OutOfRange, "etcdserver: mvcc: required revision has been compacted");

    public static readonly EtcdStatus FutureRevision =
        new(GrpcCode.OutOfRange, "etcdserver: mvcc: required revision is a future revision");

    public static readonly EtcdStatus NoSpace = new(GrpcCode.ResourceExhausted, "etcdserver: mvcc: database space exceeded");

    // Leases.
    public static readonly EtcdStatus LeaseNotFound = new(GrpcCode.NotFound, "etcdserver: requested lease not found");
    public static readonly EtcdStatus LeaseExists = Unmet("etcdserver: lease already exists");
    public static readonly EtcdStatus LeaseTtlTooLarge = new(GrpcCode.OutOfRange, "etcdserver: too large lease TTL");

    // Members.
    public static readonly EtcdStatus MemberNotFound = new(GrpcCode.NotFound, "etcdserver: member not found");
    public static readonly EtcdStatus PeerUrlExists = Unmet("etcdserver: Peer URLs already exists");
    public static readonly EtcdStatus BadPeerUrls = Wrong("etcdserver: given member URLs are invalid");
    public static readonly EtcdStatus MemberNotLearner = Unmet("etcdserver: can only promote a learner member");
    public static readonly EtcdStatus LearnerNotReady =
        Unmet("etcdserver: can only promote a learner member which is in sync with leader");

    public static readonly EtcdStatus NotEnoughStarted =
        Unmet("etcdserver: re-configuration failed due to not enough started members");

    public static readonly EtcdStatus NotLeader = Unmet("etcdserver: not leader");
    public static readonly EtcdStatus BadLeaderTransferee = Unmet("etcdserver: bad leader transferee");
    public static readonly EtcdStatus NotCapable = Unmet("etcdserver: not capable");
    public static readonly EtcdStatus WrongDowngradeFormat = Wrong("etcdserver: wrong downgrade target version format");
    public static readonly EtcdStatus InvalidDowngradeTarget = Wrong("etcdserver: invalid downgrade target version");
    public static readonly EtcdStatus NoDowngrade = Unmet("etcdserver: no inflight downgrade job");

    // Users.
    public static readonly EtcdStatus AuthNotEnabled = Unmet("etcdserver: authentication is not enabled");
    public static readonly EtcdStatus InvalidAuthToken = new(GrpcCode.Unauthenticated, "etcdserver: invalid auth token");

    // The member, and the call as such.
    public static readonly EtcdStatus NoLeader = new(GrpcCode.Unavailable, "etcdserver: no leader");
    public static readonly EtcdStatus Stopped = new(GrpcCode.Unavailable, "etcdserver: server stopped");
    public static readonly EtcdStatus Timeout = new(GrpcCode.Unavailable, "etcdserver: request timed out");
    public static readonly EtcdStatus TooManyRequests = new(GrpcCode.ResourceExhausted, "etcdserver: too many requests");
    public static readonly EtcdStatus DeadlineExceeded = new(GrpcCode.DeadlineExceeded, "context deadline exceeded");
    public static readonly EtcdStatus Canceled = new(GrpcCode.Canceled, "context canceled");
    public static readonly EtcdStatus Bug = new(GrpcCode.Internal, "raftd: the server failed to answer; this is a bug");

    public static EtcdStatus Wrong(string message) => new(GrpcCode.InvalidArgument, message);

    public static EtcdStatus Unmet(string message) => new(GrpcCode.FailedPrecondition, message);

    public static EtcdStatus Unimplemented(string message) => new(GrpcCode.Unimplemented, message);

    public static EtcdStatus MessageTooLarge(long bytes, int limitBytes) =>
        new(GrpcCode.ResourceExhausted, $"grpc: received message larger than max ({bytes} vs. {limitBytes})");

    public static EtcdStatus AnswerTooLarge(long limitBytes) =>
        new(GrpcCode.ResourceExhausted, $"raftd: the answer would have more than {limitBytes} bytes: ask for less with a limit");

    [DoesNotReturn]
    public void Throw() => throw new EtcdException(this);

}

/// <summary>Ends a handler with a status.</summary>
internal sealed class EtcdException(EtcdStatus status) : Exception(status.Message)
{
    public EtcdStatus Status { get; } = status;
}
