// The applier's loop: committed entries into the state, in log order, on one thread.
//
// A result is answered only after Publish, so a client that has its answer finds its write in any later read here.

using Raftd.Node.Loops;
using Raftd.Raft;
using Raftd.Store.Buckets;
using Raftd.Store.Commands;
using Raftd.Store.Leases;
using Raftd.Store.Mvcc;

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
    private long _lastFreeze;

    /// <param name="state">Mutated by this loop alone.</param>
    /// <param name="lessor">Begins and ends to count the time of leases between two entries.</param>
    /// <param name="flusher">Gets the frozen changes.</param>
    /// <param name="policy">When to freeze, and when to wait for the flusher.</param>
    /// <param name="leasesPerStep">With their keys, taken in by a new leader between two batches of entries.</param>
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
        _lastFreeze = time.GetTimestamp();
    }

    /// <summary>Gets "applied and published up to this index", on the applier's thread; set before the first step.</summary>
    public Action<ulong> Applied { get; set; } = static _ => { };

    /// <summary>Gets the term in which leases count from now on; set before the first step.</summary>
    public Action<ulong> Promoted { get; set; } = static _ => { };

    /// <summary>Called when a snapshot has been installed: the log waits for it.</summary>
    public Action Installed { get; set; } = static () => { };

    /// <summary>Set by the owner of the loop: called when there is something to do.</summary>
    public Action Wake
    {
        set => _inbox.Wake = value;
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
                return _lessor.Load(_leasesPerStep);
            }
        }

        if (_state.OverlayBytes > _policy.MaxOverlayBytes)
        {
            // The disk of the state is slower than the log: wait for the flusher rather than grow without bound. The
            // core hands out no more than a bounded number of bytes that are not yet applied.
            FreezeIfDue();
            return false;
        }

        var before = _next;
        Work();
        FreezeIfDue();
        return _lessor.Load(_leasesPerStep) || _next != before;
    }

    public void Tick() => FreezeIfDue();

    /// <summary>Goes on until something must wait: the flusher, or readers of the state that a snapshot replaces.</summary>
    private void Work()
    {
        var before = _state.Applied.Index;
        while (_next < _batch.Count && _state.OverlayBytes <= _policy.MaxOverlayBytes)
        {
            if (_batch[_next] is ApplyWork.Committed committed)
            {
                Apply(committed);
            }
            else
            {
                before = AnswerIfApplied(before);
                if (!TryDo(_batch[_next]))
                {
                    return;
                }

                before = _state.Applied.Index;
            }

            _next++;
        }

        AnswerIfApplied(before);
    }

    private ulong AnswerIfApplied(ulong before)
    {
        if (_state.Applied.Index != before)
        {
            Answer();
        }

        return _state.Applied.Index;
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

    private void Apply(ApplyWork.Committed work)
    {
        for (var i = 0; i < work.Entries.Count; i++)
        {
            Failpoint.Hit("apply.entry");
            var result = Apply(work.Entries[i]);
            if (work.Proposals[i] is { } proposal)
            {
                _results.Add((proposal, result));
            }
        }
    }

    private CommandResult? Apply(Entry entry)
    {
        if (entry.Kind == EntryKind.Configuration)
        {
            _state.ApplyConfiguration(entry.Index, entry.Term, entry.Data);
            return null;
        }

        if (entry.Data.IsEmpty)
        {
            _state.ApplyEmpty(entry.Index, entry.Term);
            return null;
        }

        return _state.Apply(entry.Index, entry.Term, entry.Data);
    }

    private void Answer()
    {
        _state.Publish();
        Failpoint.Hit("apply.published");
        Applied(_state.Applied.Index);
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
        try
        {
            _state.Install(install.Offer.Received);
        }
        catch (BucketStoreException readers) when (readers.Fault == BucketStoreFault.ReadersOpen)
        {
            return false;
        }

        Invariant.Check(
            _state.Applied.Index == install.Snapshot.Index && _state.Applied.Term == install.Snapshot.Term,
            $"installed a snapshot of {install.Snapshot} and stand at {_state.Applied.Index}");
        Failpoint.Hit("install.done");
        install.MarkInstalled();
        Applied(_state.Applied.Index);
        Installed();
        return true;
    }

    private void FreezeIfDue()
    {
        if (_state.OverlayBytes < _policy.FreezeBytes && _time.GetElapsedTime(_lastFreeze) < _policy.Interval)
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
