// A condition on the present version of one key, part of the commands that have one:
//
//   flags (1 byte), with ModRevisions: count, mod revision*

using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Wire;

namespace Raftd.State.Commands;

internal static class Conditions
{
    [Flags]
    private enum ConditionFlags : byte
    {
        None = 0,
        MustExist = 1,
        MustNotExist = 2,
        ModRevisions = 4,
        All = MustExist | MustNotExist | ModRevisions,
    }

    /// <param name="condition">Of the command.</param>
    /// <param name="live">The present version; null where the key does not exist.</param>
    public static bool Holds(this Precondition condition, ILiveKey? live)
    {
        if ((condition.MustExist && live is null) || (condition.MustNotExist && live is not null))
        {
            return false;
        }

        return condition.ModRevisions is null || (live is not null && condition.ModRevisions.Contains(live.Revision.Main));
    }

    public static void WriteTo(this Precondition condition, WireWriter writer)
    {
        writer.Byte((byte)(
            (condition.MustExist ? ConditionFlags.MustExist : 0)
            | (condition.MustNotExist ? ConditionFlags.MustNotExist : 0)
            | (condition.ModRevisions is null ? 0 : ConditionFlags.ModRevisions)));
        if (condition.ModRevisions is not { } revisions)
        {
            return;
        }

        writer.Number(revisions.Count);
        foreach (var revision in revisions)
        {
            writer.Number(revision);
        }
    }

    public static Precondition Read(ref WireReader reader)
    {
        var flags = (ConditionFlags)reader.Flags((byte)ConditionFlags.All);
        long[]? revisions = null;
        if (flags.HasFlag(ConditionFlags.ModRevisions))
        {
            revisions = new long[reader.Count(minElementBytes: 1)];
            for (var i = 0; i < revisions.Length && !reader.Failed; i++)
            {
                revisions[i] = reader.Number();
            }
        }

        return new Precondition
        {
            MustExist = flags.HasFlag(ConditionFlags.MustExist),
            MustNotExist = flags.HasFlag(ConditionFlags.MustNotExist),
            ModRevisions = revisions,
        };
    }
}
