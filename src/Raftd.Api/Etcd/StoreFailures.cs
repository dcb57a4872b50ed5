using Raftd.Contract;

namespace Raftd.Api.Etcd;

/// <summary>What the store's failures are called on the wire. What a code means may depend on the call: not found is a lease
/// for one and a member for another.</summary>
/// <param name="NotFound">For ErrorCode.NotFound.</param>
/// <param name="Conflict">For ErrorCode.Conflict; null says what the store said.</param>
internal sealed record StoreFailures(EtcdStatus NotFound, EtcdStatus? Conflict)
{
    public static readonly StoreFailures OfKeys = new(EtcdStatus.LeaseNotFound, Conflict: null);

    public static readonly StoreFailures OfLeases = new(EtcdStatus.LeaseNotFound, EtcdStatus.LeaseExists);

    public static readonly StoreFailures OfMembers = new(EtcdStatus.MemberNotFound, EtcdStatus.NotEnoughStarted);

    /// <summary>No room is a matter of the disk here, and not of the quota.</summary>
    public static readonly StoreFailures OfMaintenance =
        new(EtcdStatus.BadLeaderTransferee, EtcdStatus.BadLeaderTransferee) { TellsNoSpace = true };

    /// <summary>The calls that the server makes for a client fail with the code Unknown, and the same texts.</summary>
    public static readonly StoreFailures OfTurns = OfKeys with { Code = GrpcCode.Unknown };

    /// <summary>In the place of the status' own; null leaves that.</summary>
    private GrpcCode? Code { get; init; }

    /// <summary>Says what the store said of the room that it lacks, and not that the quota is exceeded.</summary>
    private bool TellsNoSpace { get; init; }

    public EtcdStatus StatusOf(StoreException failure)
    {
        var status = Row(failure);
        return failure.Code == ErrorCode.BucketNotFound ? status : status with { Code = Code ?? status.Code };
    }

    private EtcdStatus Row(StoreException failure) => failure.Code switch
    {
        ErrorCode.NotFound => NotFound,
        ErrorCode.Conflict => Conflict ?? EtcdStatus.Unmet(Told(failure)),
        ErrorCode.Compacted => EtcdStatus.Compacted,
        ErrorCode.FutureRevision => EtcdStatus.FutureRevision,
        ErrorCode.TooLarge => EtcdStatus.Wrong(failure.Hint.Length > 0 ? $"{Told(failure)}; {failure.Hint}" : Told(failure)),
        ErrorCode.NoSpace => TellsNoSpace ? new EtcdStatus(GrpcCode.ResourceExhausted, Told(failure)) : EtcdStatus.NoSpace,
        ErrorCode.LevelTooLow => EtcdStatus.NotCapable,
        ErrorCode.TooManyRequests => EtcdStatus.TooManyRequests,
        ErrorCode.NoLeader => EtcdStatus.NoLeader,
        ErrorCode.NotReady => EtcdStatus.Stopped,
        ErrorCode.UnknownOutcome => EtcdStatus.Timeout,
        ErrorCode.Unauthenticated => EtcdStatus.InvalidAuthToken,
        ErrorCode.EmptyKey => EtcdStatus.EmptyKey,
        ErrorCode.KeyNotFound => EtcdStatus.KeyNotFound,
        ErrorCode.DuplicateKey => EtcdStatus.DuplicateKey,
        ErrorCode.TooManyOperations => EtcdStatus.TooManyOps,
        ErrorCode.AddressTaken => EtcdStatus.PeerUrlExists,
        ErrorCode.NotALearner => EtcdStatus.MemberNotLearner,
        ErrorCode.LearnerBehind => EtcdStatus.LearnerNotReady,
        ErrorCode.BucketNotFound => new EtcdStatus(GrpcCode.NotFound, Told(failure)),
        _ => EtcdStatus.Wrong(Told(failure)),
    };

    private static string Told(StoreException failure) => $"raftd: {failure.Message}";
}
