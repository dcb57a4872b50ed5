namespace Raftd.State.Commands;

/// <summary>The text of a refusal of apply. The member that answers makes it, and no hash, log or peer sees it: members of two
/// builds may word the same refusal differently.</summary>
internal static class ErrorText
{
    public static string Of(ErrorResult refused) => refused.Error switch
    {
        ApplyError.EmptyKey => "a key has at least one byte",
        ApplyError.LeaseExists => $"lease {refused.Subject} exists",
        ApplyError.LeaseNotFound => $"lease {refused.Subject} does not exist or has expired",
        ApplyError.KeyNotFound => $"lease {refused.Subject} has no such key",
        ApplyError.NameTaken => "a live lease has this name",
        ApplyError.NoSpace when refused.Subject == 0 => "nothing was written: an operator has raised the NOSPACE alarm",
        ApplyError.NoSpace =>
            $"nothing was written: the disk of member {(ulong)refused.Subject} is full (alarm NOSPACE)",
        ApplyError.Compacted =>
            $"revision {refused.Subject} has been compacted: the oldest readable is {refused.Bound}",
        ApplyError.FutureRevision => $"revision {refused.Subject} is in the future: the newest is {refused.Bound}",
        ApplyError.TooLarge => $"key and value have {refused.Subject} bytes, a record holds {refused.Bound}",
        ApplyError.LeaseFull =>
            $"lease {refused.Subject} has the {refused.Bound} keys that it may have: use another lease for more, or raise "
            + "-max-lease-keys on all members",
        ApplyError.LeaseIdOutOfRange => $"lease id {refused.Subject} is not above 0",
        ApplyError.TtlOutOfRange => $"a time to live of {refused.Subject} s is not within 1 to {refused.Bound}",
        ApplyError.DataWithoutKey => "data without a key: nothing was renewed",
        ApplyError.KeyReserved => "the key is empty or reserved",
        ApplyError.LevelNotAbove => $"feature level {refused.Subject} is not above the cluster's, {refused.Bound}",
        ApplyError.MembersChanged =>
            $"the level was proposed for the members of entry {refused.Subject}, and those of entry {refused.Bound} are in "
            + "force now",
        ApplyError.NothingToKeep => "the key whose value or lease is to be kept does not exist; nothing was written",
        ApplyError.AnswerTooLarge =>
            $"the versions to be deleted and answered have more than {refused.Bound} bytes: nothing was deleted; delete smaller "
            + "ranges, or do not ask for the versions",
        ApplyError.UserUnknown => "the user who asks is unknown; nothing was written",
        _ => throw new InvariantViolationException($"no text for {refused.Error}"),
    };

    public static string HintOf(ErrorResult refused) => refused.Error == ApplyError.NoSpace
        ? "reads, deletes and compaction still work; GET /alarms shows what has to end, DELETE /alarms/NOSPACE disarms it"
        : "";
}
