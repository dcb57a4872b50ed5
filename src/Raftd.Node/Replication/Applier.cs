// The applier's loop: committed entries into the state, in log order, on one thread.
//
// A result is answered only after Publish, so a client that has its answer finds its write in any later read here.
//
// An entry that deletes many keys takes several steps, one slice each: what came before it is published and answered
// first, what comes after it waits, and between two slices the loop does its other work.
//
// Invariants:
//   - Entries are applied in log order, each once, and answered in that order (AnswerApplied).
//   - Everything but an entry (a promotion, an install, a freeze) happens between two entries, when all before is applied
//     and none after. So leases count from exactly the first entry of a term, and a flush holds whole entries.
//   - What is published is never ahead of what is applied, and no answer is ahead of what is published.
//
// The race with the flusher: both halves of the overlay may be full while it writes. The applier then stops before the next
// batch of entries (MustWaitForFlusher) and is woken when the frozen half is dropped. It never waits inside a step.

using Raftd.Raft;
using Raftd.State.Commands;
using Raftd.State.Leading;
using Raftd.State.Loops;
using Raftd.State.Timekeeping;
using Raftd.Store;

namespace Raftd.Node.Replication;

internal sealed class Applier : ILoop
{
    private readonly StateMachine _state;
    private readonly Lessor _lessor;
    private readonly Flusher _flusher;
    private readonly FlushPolicy _policy;
    private readonly int _leasesPerStep;
    private readonly TimeProvider _time;
    private readonly Mailbox<ApplyWork> _inbox = new(int.MaxValue);
    private readonly List<(Proposal Proposal, CommandResult? Result)> _results = [];
    private List<ApplyWork> _batch = [];
    private int _next;

    // Within the work at _next: the entry to apply, and whether the state has begun it and has slices left.
    private int _nextEntry;
    private bool _isInSlices;

    // The last entry that is published, and its proposal answered.
    private ulong _answered;
    private long _lastFreeze;

    /// <param name="state">Mutated by this loop alone.</param>
    /// <param name="lessor">Starts and stops timing the leases, between two entries.</param>
    /// <param name="flusher">Gets the frozen changes.</param>
    /// <param name="policy">When to freeze, and when to wait for the flusher.</param>
    /// <param name="leasesPerStep">Leases and keys that a new leader takes in between two batches of entries.</param>
    /// <param name="time">Monotonic time; only its timestamps are used.</param>
    public Applier(
        StateMachine state, Lessor lessor, Flusher flusher, FlushPolicy policy, int leasesPerStep, TimeProvider time)
    {
        _state = state;
        _lessor = lessor;
        _flusher = flusher;
        _policy = policy;
        _leasesPerStep = leasesPerStep;
        _time = time;
        _answered = state.Applied.Index;
        _lastFreeze = time.GetTimestamp();
    }

    /// <summary>Gets "applied and published up to this index", on the applier's thread; set before the first step.</summary>
    public Action<ulong> Applied { get; set; } = static _ => { };

    /// <summary>Gets the term in which this member times the leases from now on; set before the first step.</summary>
    public Action<ulong> Promoted { get; set; } = static _ => { };

    /// <summary>Called when a snapshot has been installed: the log waits for it.</summary>
    public Action Installed { get; set; } = static () => { };

    /// <summary>Set by the owner of the loop: called when there is something to do.</summary>
    public Action Wake
    {
        set => _inbox.Wake = value;
    }

    /// <summary>The disk of the state is slower than the log: wait for the flusher rather than grow without bound.</summary>
    /// <remarks>
    /// The core hands out no more than a bounded number of bytes that are not yet applied. Half of the bound is always
    /// there for the active half: one deletion may fill a frozen half beyond it, and the entries behind that deletion
    /// should not wait for its flush. In the middle of an entry there is nothing to wait for, since nothing can be frozen.
    /// </remarks>
    private bool MustWaitForFlusher
    {
        get
        {
            var (active, frozen) = _state.UnflushedBytes;
            return !_isInSlices && active > _policy.MaxOverlayBytes - Math.Min(frozen, _policy.MaxOverlayBytes / 2);
        }
    }

    /// <summary>Something outside the mailbox has changed: the flusher is done.</summary>
    public void WakeUp() => _inbox.Wake();

    public void Post(ApplyWork work) => _inbox.Post(work);

    public bool Step()
    {
        if (_next == _batch.Count)
        {
            _batch.Clear();
            _next = 0;
            if (!_inbox.Take(ref _batch))
            {
                FreezeIfDue();
                return _lessor.Load(_leasesPerStep) | _state.CleanSome();
            }
        }

        if (MustWaitForFlusher)
        {
            FreezeIfDue();
            return false;
        }

        var before = (_next, _nextEntry);
        var hasSlicesLeft = !Work() && _isInSlices;
        FreezeIfDue();
        return _lessor.Load(_leasesPerStep) || hasSlicesLeft || (_next, _nextEntry) != before;
    }

    /// <summary>Steps follow each tick: a snapshot that waits for readers is tried again by the next one.</summary>
    public void Tick() => FreezeIfDue();

    /// <summary>Goes on until something must wait: the flusher, the next slice of a long entry, or readers of the state that
    /// a snapshot replaces.</summary>
    /// <returns>False when it stopped there.</returns>
    private bool Work()
    {
        while (_next < _batch.Count)
        {
            var work = _batch[_next];
            if (MustWaitForFlusher || !(work is ApplyWork.Committed committed ? TryApply(committed) : TryDoAlone(work)))
            {
                AnswerApplied();
                return false;
            }

            _next++;
        }

        AnswerApplied();
        return true;
    }

    /// <summary>Work that readers may notice finds everything before it published.</summary>
    private bool TryDoAlone(ApplyWork work)
    {
        AnswerApplied();
        return TryDo(work);
    }

    private bool TryDo(ApplyWork work)
    {
        switch (work)
        {
            case ApplyWork.Promote promote:
                _lessor.Promote(promote.Term);
                Promoted(promote.Term);
                return true;
            case ApplyWork.Demote:
                _lessor.Demote();
                return true;
            case ApplyWork.Install install:
                return TryInstall(install.Pending);
            default:
                throw new InvariantViolationException($"the applier has no case for {work.GetType().Name}");
        }
    }

    /// <summary>False when the entry at _nextEntry has slices left, or all room is taken.</summary>
    private bool TryApply(ApplyWork.Committed work)
    {
        for (; _nextEntry < work.Entries.Count; _nextEntry++)
        {
            Failpoint.Hit("apply.entry");
            var proposal = work.Proposals[_nextEntry];
            if (!TryApply(work.Entries[_nextEntry], isAsked: proposal is not null, out var result))
            {
                return false;
            }

            if (proposal is not null)
            {
                _results.Add((proposal, result));
            }
        }

        _nextEntry = 0;
        return true;
    }

    private bool TryApply(Entry entry, bool isAsked, out CommandResult? result)
    {
        if (!_isInSlices)
        {
            result = EntryApply.Begin(_state, entry, isAsked);
            _isInSlices = result is null;
            return !_isInSlices;
        }

        result = _state.ApplySlice();
        _isInSlices = result is null;
        return !_isInSlices;
    }

    /// <summary>Publishes and answers what was applied since the last time, if anything was.</summary>
    private void AnswerApplied()
    {
        if (_state.Applied.Index == _answered)
        {
            return;
        }

        _answered = _state.Applied.Index;
        _state.Publish();
        Failpoint.Hit("apply.published");
        Applied(_answered);
        foreach (var (proposal, result) in _results)
        {
            proposal.End(ProposalEnd.Applied, result);
        }

        _results.Clear();
    }

    /// <summary>False while the flusher still writes into the old store, or readers hold it: tried again soon.</summary>
    private bool TryInstall(PendingInstall install)
    {
        if (!_flusher.IsIdle)
        {
            return false;
        }

        Failpoint.Hit("install.begin");
        if (!_state.TryInstall(install.Offer.Received))
        {
            return false;
        }

        Invariant.Check(
            _state.Applied.Index == install.Snapshot.Index && _state.Applied.Term == install.Snapshot.Term,
            $"installed the snapshot {install.Snapshot}, and the state is at {_state.Applied.Term}/{_state.Applied.Index}");
        Failpoint.Hit("install.done");
        install.MarkInstalled();
        _answered = _state.Applied.Index;
        Applied(_answered);
        Installed();
        return true;
    }

    private void FreezeIfDue()
    {
        if (_state.UnflushedBytes.Active < _policy.FreezeBytes && _time.GetElapsedTime(_lastFreeze) < _policy.Interval)
        {
            return;
        }

        if (_flusher.IsIdle && _state.TryFreeze(out var frozen))
        {
            _lastFreeze = _time.GetTimestamp();
            _flusher.Post(frozen);
        }
    }
}
