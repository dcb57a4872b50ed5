namespace Raftd.State.Commands;

/// <summary>Why apply did not do what a command asked. The numbers are part of the result hash and never change.</summary>
/// <remarks>Where it says "subject" and "bound", the refusal has these numbers; else they are 0.</remarks>
public enum ApplyError : byte
{
    EmptyKey = 1,

    /// <summary>Subject: a lease with this id exists; the proposer draws another and proposes again.</summary>
    LeaseExists = 2,

    /// <summary>Subject: the lease.</summary>
    LeaseNotFound = 3,

    /// <summary>Subject: the lease that has no key as a keepalive names it.</summary>
    KeyNotFound = 4,

    /// <summary>A live lease has the name that was asked for as unique.</summary>
    NameTaken = 5,

    /// <summary>An alarm stands that refuses writes. Subject: the member whose disk is full, 0 for an operator's alarm.</summary>
    NoSpace = 6,

    /// <summary>Subject: the revision. Bound: the oldest readable.</summary>
    Compacted = 7,

    /// <summary>Subject: the revision. Bound: the newest.</summary>
    FutureRevision = 8,

    /// <summary>Subject: bytes of key and value together. Bound: what one record of the state may hold.</summary>
    TooLarge = 9,

    /// <summary>Subject: the lease. Bound: the keys that the proposer of the command lets it have.</summary>
    LeaseFull = 10,

    /// <summary>Subject: the id that is not above 0.</summary>
    LeaseIdOutOfRange = 11,

    /// <summary>Subject: the seconds asked for. Bound: the most there may be.</summary>
    TtlOutOfRange = 12,

    /// <summary>A keepalive brings data and names no key.</summary>
    DataWithoutKey = 13,

    /// <summary>A keepalive names a key that no lease has as its own.</summary>
    KeyReserved = 14,

    /// <summary>Subject: the level asked for. Bound: the cluster's.</summary>
    LevelNotAbove = 15,

    /// <summary>Subject: the entry of the configuration that a level was proposed for. Bound: of the one in force.</summary>
    MembersChanged = 16,

    /// <summary>The caller is a user that the cluster does not know.</summary>
    UserUnknown = 17,

    /// <summary>A put would keep the value or the lease of a key that does not exist.</summary>
    NothingToKeep = 18,

    /// <summary>Bound: bytes of the versions that a deletion may answer.</summary>
    AnswerTooLarge = 19,
}
