namespace Raftd.Contract;

/// <summary>Every expected failure a store answers with. The API maps each to a status, once.</summary>
public enum ErrorCode
{
    /// <summary>The request itself is wrong; sent again it fails again.</summary>
    BadRequest,

    /// <summary>The lease, member or key that the request names does not exist.</summary>
    NotFound,

    /// <summary>The request contradicts what is stored: a taken name, a member known with another instance.</summary>
    Conflict,

    /// <summary>The revision asked for has been compacted away.</summary>
    Compacted,

    /// <summary>A key, value or request above its limit.</summary>
    TooLarge,

    /// <summary>The quota or a member's disk is full: reads and deletes still pass.</summary>
    NoSpace,

    /// <summary>The request, or the member that wants to join, and the cluster's feature level do not fit; nothing was
    /// proposed.</summary>
    LevelTooLow,

    /// <summary>A queue is full; nothing was proposed.</summary>
    TooManyRequests,

    /// <summary>No leader is known or it cannot be reached; surely not proposed.</summary>
    NoLeader,

    /// <summary>This member cannot answer yet or any more (starting, fenced, shutting down); surely not proposed.</summary>
    NotReady,

    /// <summary>The request may or may not take effect; only a read tells. Never retried by the server.</summary>
    UnknownOutcome,

    /// <summary>The revision asked for does not exist yet.</summary>
    FutureRevision,

    /// <summary>The caller is not who it says, or is unknown; nothing was read or written.</summary>
    Unauthenticated,

    /// <summary>A request names no key.</summary>
    EmptyKey,

    /// <summary>The key whose value or lease a put would keep does not exist.</summary>
    KeyNotFound,

    /// <summary>A transaction would put one key twice, or put and delete it, on one path.</summary>
    DuplicateKey,

    /// <summary>A list of a transaction is longer than <see cref="Bounds.MaxTxnOperations"/>, or all are together longer than
    /// <see cref="Bounds.MaxNestedTxnOperations"/>.</summary>
    TooManyOperations,

    /// <summary>Another member has the peer address already.</summary>
    AddressTaken,

    /// <summary>The member votes already.</summary>
    NotALearner,

    /// <summary>The learner does not have enough of the log to vote.</summary>
    LearnerBehind,

    /// <summary>There is no bucket with the name, or it was removed meanwhile.</summary>
    BucketNotFound,
}
