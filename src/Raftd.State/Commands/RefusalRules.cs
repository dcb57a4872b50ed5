using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Rights;

namespace Raftd.State.Commands;

/// <summary>Reasons to refuse that several commands share. Each answers null if its reason does not hold, and changes nothing.
/// </summary>
internal static class RefusalRules
{
    public static ErrorResult Refuse(this WorkingState state, ApplyError error, long subject = 0, long bound = 0) =>
        new(state.Keyspace.Revision, error, subject, bound);

    /// <summary>Asked of every command, before its own check.</summary>
    public static CommandResult? RefuseCaller(this WorkingState state, Caller caller) =>
        AccessRules.IsKnown(caller) ? null : state.Refuse(ApplyError.UserUnknown);

    public static ErrorResult RefuseLease(this WorkingState state, long id) => state.Refuse(ApplyError.LeaseNotFound, id);

    /// <summary>The reasons for which no put of this key and value can be executed now.</summary>
    public static ErrorResult? RefusePut(this WorkingState state, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value)
    {
        if (key.IsEmpty)
        {
            return state.Refuse(ApplyError.EmptyKey);
        }

        return RevisionRecord.Fits(key.Length, value.Length)
            ? state.RefuseForAlarm()
            : state.Refuse(ApplyError.TooLarge, (long)key.Length + value.Length, RevisionRecord.MaxBytes);
    }

    public static ErrorResult? RefuseForAlarm(this WorkingState state) => state.RefusesWrites
        ? state.Refuse(ApplyError.NoSpace, (long)Array.Find(state.Alarms, static alarm => alarm.RefusesWrites).MemberId)
        : null;

    /// <summary>A hidden lease belongs to its one key.</summary>
    public static ErrorResult? RefuseAttach(this WorkingState state, long lease, ReadOnlySpan<byte> key, long maxKeys) =>
        state.Leases.Find(lease) is { Hidden: false } ? state.RefuseLeaseKey(lease, key, maxKeys) : state.RefuseLease(lease);

    /// <summary>The versions that a deletion would answer are too large together. Their sizes are in the index: no value is
    /// read.</summary>
    public static ErrorResult? RefusePrevious(
        this WorkingState state, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> rangeEnd, bool returnsPrevious)
    {
        if (!returnsPrevious)
        {
            return null;
        }

        var bytes = 0L;
        foreach (var live in state.Keyspace.Walk(new KeyRange(key, rangeEnd)))
        {
            bytes += live.LogicalBytes;
            if (bytes > Bounds.MaxTxnAnswerBytes)
            {
                return state.Refuse(ApplyError.AnswerTooLarge, bound: Bounds.MaxTxnAnswerBytes);
            }
        }

        return null;
    }

    /// <summary>The bound is the proposer's and comes with the command: apply knows no setting of a member.</summary>
    public static ErrorResult? RefuseLeaseKey(this WorkingState state, long lease, ReadOnlySpan<byte> key, long maxKeys) =>
        state.Leases.CountKeys(lease) < maxKeys || state.Leases.FindKey(lease, key) is not null
            ? null
            : state.Refuse(ApplyError.LeaseFull, lease, maxKeys);

    public static ErrorResult? RefuseGrant(this WorkingState state, long id, long ttlSeconds)
    {
        if (id <= 0)
        {
            return state.Refuse(ApplyError.LeaseIdOutOfRange, id);
        }

        if (ttlSeconds is < Bounds.MinLeaseTtlSeconds or > Bounds.MaxLeaseTtlSeconds)
        {
            return state.Refuse(ApplyError.TtlOutOfRange, ttlSeconds, Bounds.MaxLeaseTtlSeconds);
        }

        return state.Leases.Find(id) is null ? null : state.Refuse(ApplyError.LeaseExists, id);
    }
}
