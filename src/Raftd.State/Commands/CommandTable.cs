using Raftd.State.Wire;

namespace Raftd.State.Commands;

/// <summary>The second byte of a command. A number is never used again for something else.</summary>
internal enum CommandTag : byte
{
    Put = 1,
    DeleteRange = 2,
    LeaseGrant = 3,
    LeaseKeepAlive = 4,
    LeaseRevoke = 5,
    LeaseExpire = 6,
    LeaseCheckpoint = 7,
    Compact = 8,
    AlarmRaise = 9,
    AlarmClear = 10,
    RaiseLevel = 11,
    Txn = 12,
}

/// <summary>Reads what stands behind the tag. Never throws: what is wrong is refused by the reader.</summary>
internal delegate Command ReadCommand(ref WireReader reader);

/// <summary>The logical bytes that an encoded command adds at most, told from its head alone.</summary>
internal delegate long CountGrowth(ReadOnlySpan<byte> command);

/// <summary>How the commands of one tag are read.</summary>
/// <param name="Tag">Theirs alone.</param>
/// <param name="Read">The body's reader.</param>
internal sealed record CommandForm(CommandTag Tag, ReadCommand Read)
{
    /// <summary>Not set for commands that take no room: the leader's own proposals end leases or free history.</summary>
    public CountGrowth MaxGrowth { get; init; } = static _ => 0;
}

/// <summary>All commands that there are, by tag.</summary>
internal static class CommandTable
{
    private static readonly CommandForm?[] Forms = new CommandForm?[byte.MaxValue + 1];

    static CommandTable() => Array.ForEach(
        [
            PutCommand.Form,
            DeleteRangeCommand.Form,
            LeaseGrantCommand.Form,
            LeaseKeepAliveCommand.Form,
            LeaseRevokeCommand.Form,
            LeaseExpireCommand.Form,
            LeaseCheckpointCommand.Form,
            CompactCommand.Form,
            AlarmCommand.RaiseForm,
            AlarmCommand.ClearForm,
            RaiseLevelCommand.Form,
            TxnCommand.Form,
        ],
        Add);

    /// <summary>Null for a tag that no command has.</summary>
    public static CommandForm? Find(byte tag) => Forms[tag];

    /// <summary>Before the first command is read; again for the same form changes nothing.</summary>
    public static void Add(CommandForm form)
    {
        ref var place = ref Forms[(byte)form.Tag];
        Invariant.Check(place is null || place == form, $"two commands have the tag {form.Tag}");
        place = form;
    }
}
