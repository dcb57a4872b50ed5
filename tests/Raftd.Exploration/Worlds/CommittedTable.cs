using Raftd.Exploration.Members;
using Raftd.Raft;

namespace Raftd.Exploration.Worlds;

/// <summary>Everything that any member ever knew to be committed, though that member may have crashed since.</summary>
/// <param name="Entries">By index; [0] is default.</param>
/// <param name="Terms">By index: the term in which the entry was committed.</param>
/// <param name="Configuration">The newest one that is committed.</param>
internal sealed record Committed(Slot[] Entries, ulong[] Terms, Configuration Configuration)
{
    public ulong Last => (ulong)Entries.Length - 1;
}

/// <summary>Histories by number, each one once.</summary>
internal sealed class CommittedTable(Configuration founding)
{
    private readonly List<Committed> _histories = [new([default], [0], founding)];
    private readonly Dictionary<(int Before, ulong Hash, ulong Term), int> _numbers = [];

    public Committed this[int number] => _histories[number];

    /// <summary>The history after a member has come to this state.</summary>
    public int Extend(int number, MemberState member)
    {
        while (_histories[number].Last < member.Commit)
        {
            number = Append(number, member);
        }

        return number;
    }

    private int Append(int number, MemberState member)
    {
        var before = _histories[number];
        var index = before.Last + 1;
        var slot = member.Log[index];
        var key = (number, slot.Hash, member.Term);
        if (!_numbers.TryGetValue(key, out var next))
        {
            next = _histories.Count;
            _numbers[key] = next;
            _histories.Add(new Committed(
                [.. before.Entries, slot], [.. before.Terms, member.Term], slot.Configuration ?? before.Configuration));
        }

        return next;
    }
}
