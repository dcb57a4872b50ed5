using Raftd.Raft.Tests.Support;
using Raftd.Testing.Cores;

namespace Raftd.Raft.Tests.Safety;

/// <summary>Raft's promises (paper, Figure 3), checked from outside by what members apply, lead and answer.</summary>
internal sealed class Checker
{
    private readonly Dictionary<ulong, NodeId> _leaders = [];
    private readonly List<(Entry Entry, ulong CommittedInTerm)> _committed = [];
    private readonly Dictionary<ulong, ulong> _readFloors = [];
    private readonly Dictionary<NodeId, int> _checkedApplied = [];

    /// <summary>The highest index any member ever applied.</summary>
    public ulong Committed => (ulong)_committed.Count;

    public int Reads { get; private set; }

    /// <summary>A read that starts now must see everything that is committed now.</summary>
    public void ReadStarted(ulong context) => _readFloors[context] = Committed;

    public void Started(NodeId member) => _checkedApplied[member] = 0;

    public void Check(TestMember member)
    {
        CheckElectionSafety(member.Node);
        CheckApplied(member);
        CheckReads(member);
    }

    /// <summary>At most one leader in a term, and it has everything committed in the terms before.</summary>
    private void CheckElectionSafety(RaftNode node)
    {
        if (node.Role != RaftRole.Leader)
        {
            return;
        }

        if (_leaders.TryGetValue(node.Term, out var known))
        {
            Assert.True(known == node.Id, $"{known} and {node.Id} lead term {node.Term}");
            return;
        }

        _leaders[node.Term] = node.Id;
        var needed = 0UL;
        foreach (var (entry, term) in _committed)
        {
            needed = term < node.Term ? entry.Index : needed;
        }

        Assert.True(node.LastIndex >= needed, $"leader {node.Id} of term {node.Term} ends at {node.LastIndex}, committed is {needed}");
    }

    /// <summary>State machine safety: members that apply an index apply the same entry, without gaps, and it stays.</summary>
    private void CheckApplied(TestMember member)
    {
        var from = _checkedApplied.GetValueOrDefault(member.Id);
        for (var i = from; i < member.Applied.Count; i++)
        {
            var entry = member.Applied[i];
            if (entry.Index == Committed + 1)
            {
                _committed.Add((entry, member.Node.Term));
            }

            Assert.True(entry.Index <= Committed, $"{member.Id} applies {entry.Id}, {Committed} was the last");
            var first = _committed[(int)entry.Index - 1].Entry;
            Assert.True(
                first.Id == entry.Id && first.Data.Span.SequenceEqual(entry.Data.Span),
                $"{member.Id} applies {entry.Id}, another applied {first.Id} there");
        }

        _checkedApplied[member.Id] = member.Applied.Count;
    }

    private void CheckReads(TestMember member)
    {
        foreach (var read in member.Reads)
        {
            Assert.True(read.Index >= _readFloors[read.Context], $"read {read.Context} at {read.Index}, committed was {_readFloors[read.Context]}");
            Reads++;
        }

        member.Reads.Clear();
        member.FailedReads.Clear();
    }

    /// <summary>Log matching: where two logs have the same term, everything up to there is the same.</summary>
    public static void CheckLogMatching(CoreDisk a, CoreDisk b)
    {
        var low = Math.Max(a.FirstIndex, b.FirstIndex);
        var agreed = true;
        for (var index = low; index <= Math.Min(a.LastIndex, b.LastIndex); index++)
        {
            var isSame = a.Term(index) == b.Term(index);
            Assert.True(agreed || !isSame, $"logs part before {index} and agree there");
            agreed = isSame;
        }
    }
}
