using Raftd.Exploration.Members;

namespace Raftd.Exploration.Rules;

/// <summary>Comparing logs of which a part may be compacted on either side.</summary>
internal static class Slots
{
    /// <summary>No index in [1, last] holds different entries. What is missing on a side is compacted there, or not there yet.</summary>
    public static bool AgreeUpTo(ulong last, Slot[] a, Slot[] b)
    {
        var end = Math.Min(last + 1, (ulong)Math.Min(a.Length, b.Length));
        for (var index = 1UL; index < end; index++)
        {
            if (a[index].Term != 0 && b[index].Term != 0 && a[index] != b[index])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The highest index at which both have an entry of the same term; 0 if there is none.</summary>
    public static ulong LastOfSameTerm(Slot[] a, Slot[] b)
    {
        var index = (ulong)Math.Min(a.Length, b.Length) - 1;
        while (index > 0 && (a[index].Term == 0 || a[index].Term != b[index].Term))
        {
            index--;
        }

        return index;
    }
}
