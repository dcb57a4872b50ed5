// Members compare their hash chains at equal index.
//
// Every member tells the others, about once a second, what its chain says at the index it has applied. Whoever has that
// index in its own ring compares; an index not applied here yet waits for a later look. One peer that differs is the
// peer's trouble, and the leader raises the CORRUPT alarm for it. If so many differ from this member that they are a
// majority by themselves, this member is the one that is wrong, and it fences itself: nothing it says can be trusted.

using Raftd.Node.Membership;
using Raftd.Store.Mvcc;

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

    /// <summary>Compares what has become comparable, and answers who differs among these voters.</summary>
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
