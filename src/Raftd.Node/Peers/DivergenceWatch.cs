// Members compare their hash chains at equal index.
//
// Every member tells the others, about once a second, what its chain says at the index it has applied. A member that has that
// index in its own ring compares; an index not applied here yet waits for a later look. One peer that differs is the
// peer's trouble, and the leader raises the CORRUPT alarm for it, be it a voter or a learner. If so many voters differ from
// this member that they are a majority of the voters by themselves, this member is the one that is wrong, and it fences
// itself: nothing it says can be trusted. What learners say counts for nothing there: they have no part in what is
// committed, and a few that came from one bad copy could otherwise take down the voters they differ from.

using Raftd.Node.Membership;
using Raftd.Raft;
using Raftd.Store;

namespace Raftd.Node.Peers;

internal sealed class DivergenceWatch(StateMachine state)
{
    // Guards _pending and _verdicts.
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, HashReport> _pending = [];
    private readonly Dictionary<ulong, Verdict> _verdicts = [];

    /// <summary>A peer's report; the newest waits until it can be compared.</summary>
    public void Report(ulong peer, HashReport report)
    {
        if (report.Index == 0)
        {
            return;
        }

        lock (_gate)
        {
            _pending[peer] = report;
            Compare(peer, report);
        }
    }

    /// <summary>What this member has to tell; index 0 before it has applied anything.</summary>
    public HashReport Own()
    {
        var applied = state.View().Applied;
        return state.TryGetHash(applied.Index, out var hash) ? new HashReport(applied.Index, hash) : default;
    }

    /// <summary>The voters that differ, if they are a majority of the voters; null if they are not.</summary>
    public static IReadOnlyList<Verdict>? FindMajority(IReadOnlyList<Verdict> differing, Configuration configuration)
    {
        Verdict[] voters = [.. differing.Where(verdict => configuration.IsVoter(new NodeId(verdict.Peer)))];
        return voters.Length > configuration.Voters.Length / 2 ? voters : null;
    }

    /// <summary>Compares what has become comparable, and answers who differs among these members.</summary>
    public IReadOnlyList<Verdict> Differing(MemberTable members)
    {
        lock (_gate)
        {
            foreach (var (peer, report) in _pending.ToArray())
            {
                Compare(peer, report);
            }

            return [.. _verdicts.Values.Where(verdict => verdict.Differs && members.Find(verdict.Peer) is not null)];
        }
    }

    private void Compare(ulong peer, HashReport report)
    {
        if (!state.TryGetHash(report.Index, out var hash))
        {
            return;
        }

        _pending.Remove(peer);
        _verdicts[peer] = new Verdict(peer, report.Index, hash, report.Hash);
    }

    /// <summary>One comparison: the chain here and there at one index.</summary>
    internal sealed record Verdict(ulong Peer, ulong Index, ulong Own, ulong Theirs)
    {
        public bool Differs => Own != Theirs;
    }
}
