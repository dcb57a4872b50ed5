using Raftd.Contract;

namespace Raftd.Store.Commands;

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
}

/// <summary>What apply answers: the same on every member, byte for byte.</summary>
/// <param name="Revision">The store's revision after the command.</param>
public abstract record CommandResult(long Revision);

/// <summary>The command was refused and has changed nothing. Numbers alone: the hash chain covers a result, and a word that is
/// mended in one build must not make its members differ from those of another.</summary>
/// <param name="Revision">The store's.</param>
/// <param name="Error">Why.</param>
/// <param name="Subject">What it is about, as ApplyError says.</param>
/// <param name="Bound">What it was held against, as ApplyError says.</param>
public sealed record ErrorResult(long Revision, ApplyError Error, long Subject = 0, long Bound = 0) : CommandResult(Revision)
{
    public ErrorCode Code => Error switch
    {
        ApplyError.LeaseExists or ApplyError.NameTaken or ApplyError.LeaseFull => ErrorCode.Conflict,
        ApplyError.LeaseNotFound or ApplyError.KeyNotFound => ErrorCode.NotFound,
        ApplyError.NoSpace => ErrorCode.NoSpace,
        ApplyError.Compacted => ErrorCode.Compacted,
        ApplyError.TooLarge => ErrorCode.TooLarge,
        _ => ErrorCode.BadRequest,
    };

    public StoreException ToException() => new(Code, ErrorText.Of(this), ErrorText.HintOf(this));
}

/// <summary>Done, and there is nothing more to say: alarms, empty entries, configurations, checkpoints.</summary>
public sealed record DoneResult(long Revision) : CommandResult(Revision);

/// <param name="Revision">The revision of the put, or the store's where the condition failed.</param>
/// <param name="Succeeded">False when the condition failed.</param>
/// <param name="Previous">The version replaced, if it was asked for and there was one.</param>
public sealed record PutResult(long Revision, bool Succeeded, KeyValue? Previous) : CommandResult(Revision);

public sealed record DeleteRangeResult(long Revision, bool Succeeded, long Deleted) : CommandResult(Revision);

public sealed record LeaseGrantResult(long Revision, long Id, long TtlSeconds) : CommandResult(Revision);

public sealed record LeaseKeepAliveResult(long Revision, long Id, long TtlSeconds) : CommandResult(Revision);

/// <summary>DeletedKeys counts the keys that went with the lease.</summary>
public sealed record LeaseRevokeResult(long Revision, long DeletedKeys) : CommandResult(Revision);

/// <summary>How much of the batch still held when it was applied.</summary>
public sealed record LeaseExpireResult(long Revision, long ExpiredLeases, long DeletedKeys) : CommandResult(Revision);

public sealed record CompactResult(long Revision, long CompactRevision) : CommandResult(Revision);
