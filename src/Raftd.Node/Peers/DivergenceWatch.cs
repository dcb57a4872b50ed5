// Members compare their hash chains at equal index.
//
// About once a second every member tells the others its chain's value at the index it has applied. A member that has that
// index in its own ring compares; an index that is not applied here yet is compared later. If one peer differs, the peer is
// taken to be wrong, and the leader raises the CORRUPT alarm for it, voter or learner. If the voters that differ from this
// member are a majority of all voters, this member is wrong, and it fences itself: nothing it says can be trusted. Learners
// do not count there: they have no part in what is committed, and a few of them, copied from one bad store, could take down
// the voters that they differ from.

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

    /// <summary>This member's own report; index 0 before it has applied anything.</summary>
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

    /// <summary>Compares the reports whose index is applied by now, and returns the members that differ.</summary>
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
