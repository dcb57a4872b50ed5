// Which writes the leader proposes, by the quota.
//
// The naive way proposes every write, raises an alarm when the state is above the quota, and has apply refuse writes from
// then on. By that time the log is full of writes that still have to be applied, old history keeps the state full for good,
// and a write of one byte is refused because one of 32 MiB did not fit. So the quota is checked before a write enters the
// log, and by the leader alone:
//
//   1. The applied state counts, everything under way (proposed and not applied), and the write at its largest.
//   2. A write that fits is proposed at once. Nearly all do, and it costs a comparison.
//   3. A write that would fit without history, or once the writes under way have shown their true size, waits here, in the
//      order of arrival and within its time limit. The compactor is asked for room in the same step.
//   4. A write that would not fit beside the live data alone is refused, with the numbers.
//
// Deletes, revokes and compactions always pass: they make room. Before the first entry of its term is applied, a leader does
// not know what is under way, so writes wait for that entry; theirs would come after it anyway.
//
// Invariant: applied + under way <= quota whenever a write is admitted, except for one that replaces live data or finds
// history that cannot be compacted any further (the tombstones of the newest revision): it goes alone, with nothing under
// way.

using Raftd.State.Commands;
using Raftd.State.Leading;
using Raftd.Store;

namespace Raftd.Node.Replication;

/// <summary>The door in front of the log. Used by the replica's thread alone.</summary>
internal sealed class QuotaGate(long quotaBytes, StateMachine state, TimeProvider time)
{
    /// <summary>A refusal is forgotten after this, so that a write that is not tried again does not keep the alarm for ever.</summary>
    private static readonly TimeSpan RefusalLifetime = TimeSpan.FromMinutes(1);

    private readonly Queue<Proposal> _waiting = new();
    private readonly Queue<Proposal> _underWay = new();
    private readonly List<Proposal> _admitted = [];
    private long _underWayBytes;
    private (long Bytes, long At)? _refused;

    private enum Verdict
    {
        Admit,
        Wait,
        Refuse,
    }

    /// <summary>A write is waiting that would fit with less history.</summary>
    public bool NeedsRoom { get; private set; }

    /// <summary>The live data exceeds the quota, or a write was refused lately that would be refused again.</summary>
    public bool IsFull
    {
        get
        {
            var isRecent = _refused is { } refused && time.GetElapsedTime(refused.At) < RefusalLifetime;
            return LiveBytes(state.View()) + (isRecent ? _refused!.Value.Bytes : 0) > quotaBytes;
        }
    }

    /// <summary>Leaves those of the gathered proposals that may be proposed now, after those that have been waiting; refuses the
    /// others or keeps them here.</summary>
    /// <param name="gathered">In the order of arrival; changed.</param>
    /// <param name="knowsUnderWay">This leader has applied the first entry of its term.</param>
    public void Admit(List<Proposal> gathered, bool knowsUnderWay)
    {
        NeedsRoom = false;
        if (gathered.Count == 0 && _waiting.Count == 0)
        {
            return;
        }

        var view = state.View();
        ForgetApplied(view.Applied.Index);
        AdmitWaiting(view, knowsUnderWay);
        foreach (var proposal in gathered)
        {
            if (proposal.GrowthBytes > 0 && (_waiting.Count > 0 || !TryAdmit(proposal, view, knowsUnderWay)))
            {
                _waiting.Enqueue(proposal);
            }
            else if (!proposal.Task.IsCompleted)
            {
                _admitted.Add(proposal);
            }
        }

        gathered.Clear();
        gathered.AddRange(_admitted);
        _admitted.Clear();
    }

    /// <summary>Ends proposals whose time is up; none of them was proposed.</summary>
    public void EndOverdue(long now)
    {
        while (_waiting.TryPeek(out var head) && head.Deadline <= now)
        {
            _waiting.Dequeue().End(ProposalEnd.TooMany);
        }
    }

    /// <summary>This member does not lead any more: the next leader decides.</summary>
    public void EndLeadership()
    {
        while (_waiting.TryDequeue(out var waiting))
        {
            waiting.End(ProposalEnd.NotProposed);
        }

        _underWay.Clear();
        _underWayBytes = 0;
        _refused = null;
        NeedsRoom = false;
    }

    private static long LiveBytes(StateView view) => view.LogicalBytes - view.HistoryBytes;

    private void AdmitWaiting(StateView view, bool knowsUnderWay)
    {
        while (_waiting.TryPeek(out var head) && TryAdmit(head, view, knowsUnderWay))
        {
            _waiting.Dequeue();
            if (!head.Task.IsCompleted)
            {
                _admitted.Add(head);
            }
        }
    }

    /// <summary>False when it has to wait. A refused proposal has ended.</summary>
    private bool TryAdmit(Proposal proposal, StateView view, bool knowsUnderWay)
    {
        switch (Judge(proposal, view, knowsUnderWay))
        {
            case Verdict.Wait:
                return false;
            case Verdict.Refuse:
                Refuse(proposal, view);
                return true;
            default:
                ForgetRefusalIfItFits(proposal, view);
                _underWay.Enqueue(proposal);
                _underWayBytes += proposal.GrowthBytes;
                return true;
        }
    }

    private Verdict Judge(Proposal proposal, StateView view, bool knowsUnderWay)
    {
        if (proposal.GrowthBytes == 0)
        {
            return Verdict.Admit;
        }

        if (!knowsUnderWay)
        {
            return Verdict.Wait;
        }

        if (view.LogicalBytes + _underWayBytes + proposal.GrowthBytes <= quotaBytes)
        {
            return Verdict.Admit;
        }

        if (LiveBytes(view) + LiveGrowth.Of(view, proposal.Command) > quotaBytes)
        {
            return Verdict.Refuse;
        }

        var isCompactable = view.HistoryBytes > 0 && view.CompactRevision < view.Revision;
        NeedsRoom |= isCompactable;
        return _underWayBytes > 0 || isCompactable ? Verdict.Wait : Verdict.Admit;
    }

    private void Refuse(Proposal proposal, StateView view)
    {
        _refused = (LiveGrowth.Of(view, proposal.Command), time.GetTimestamp());
        proposal.End(
            ProposalEnd.QuotaExceeded,
            reason: $"quota exceeded: {LiveBytes(view)} bytes of live data and {_refused.Value.Bytes} bytes more do not fit "
                + $"into {quotaBytes}; nothing was written");
    }

    /// <summary>The admitted write adds at least as much live data as the refused one, which would therefore be admitted now.</summary>
    private void ForgetRefusalIfItFits(Proposal admitted, StateView view)
    {
        if (_refused is { } refused && LiveGrowth.Of(view, admitted.Command) >= refused.Bytes)
        {
            _refused = null;
        }
    }

    /// <summary>The state counts applied proposals itself, and one that ended without an index was never proposed.</summary>
    private void ForgetApplied(ulong applied)
    {
        while (_underWay.TryPeek(out var head) && (head.Index != 0 ? head.Index <= applied : head.Task.IsCompleted))
        {
            _underWayBytes -= _underWay.Dequeue().GrowthBytes;
        }
    }
}
