using Raftd.Contract;

namespace Raftd.Store.Commands;

/// <summary>Why apply did not do what a command asked. The numbers are part of the result hash and never change.</summary>
public enum ApplyError : byte
{
    /// <summary>The command asks for something no state allows.</summary>
    BadRequest = 1,

    /// <summary>A lease with this id exists: the proposer draws another and proposes again.</summary>
    LeaseExists = 2,

    LeaseNotFound = 3,

    /// <summary>The key that a keepalive names is not there.</summary>
    KeyNotFound = 4,

    /// <summary>A live lease has the name that was asked for as unique.</summary>
    NameTaken = 5,

    /// <summary>An alarm stands that refuses writes.</summary>
    NoSpace = 6,

    Compacted = 7,

    FutureRevision = 8,

    /// <summary>Key and value together are more than one record of the state may hold.</summary>
    TooLarge = 9,

    /// <summary>The lease has as many keys as the proposer of the command lets it have.</summary>
    LeaseFull = 10,
}

/// <summary>What apply answers: the same on every member, byte for byte.</summary>
/// <param name="Revision">The store's revision after the command.</param>
public abstract record CommandResult(long Revision);

/// <summary>The command was refused and has changed nothing.</summary>
public sealed record ErrorResult(long Revision, ApplyError Error, string Message) : CommandResult(Revision)
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

    public StoreException ToException() => new(Code, Message, Hint);

    private string Hint => Error == ApplyError.NoSpace
        ? "reads, deletes and compaction still work; GET /alarms shows what has to end, DELETE /alarms/NOSPACE disarms it"
        : "";
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
