// Reads on their way through ReadIndex (Raft thesis 6.4).
//
// All reads that wait when a step begins share one context. The core answers a context with the index that must be applied
// first, or reports that it was lost with a leader. A request to another member may also get lost on the wire, so a context
// that stays unanswered is given up and its reads get a new one. A context is never used twice: a late answer to an old
// context must not release a newer read (failure 5 of docs/failures.md). A context that is given up here is given up in the
// core too; otherwise the core would keep every context that was ever tried while no quorum answers.

namespace Raftd.Node.Replication;

/// <summary>Reads by the context they were asked under, then by the index they wait for. Owned by the replica's thread.</summary>
internal sealed class ReadLedger
{
    private readonly Dictionary<ulong, Round> _asked = [];
    private readonly PriorityQueue<List<ReadBarrier>, ulong> _awaitingApply = new();
    private List<ReadBarrier> _waiting = [];
    private ulong _nextContext;

    public bool HasWaiting => _waiting.Count > 0;

    public void Add(ReadBarrier barrier) => _waiting.Add(barrier);

    /// <summary>Gives all waiting reads a context that was never used before.</summary>
    public ulong BeginRound(long tick)
    {
        var context = ++_nextContext;
        _asked.Add(context, new Round(_waiting, tick));
        _waiting = [];
        return context;
    }

    /// <summary>The core confirmed the context: its reads may answer once <paramref name="index"/> is applied.</summary>
    public void Confirmed(ulong context, ulong index, ulong applied)
    {
        if (!_asked.Remove(context, out var round))
        {
            return;
        }

        if (index <= applied)
        {
            Release(round.Barriers);
        }
        else
        {
            _awaitingApply.Enqueue(round.Barriers, index);
        }
    }

    /// <summary>The context was lost: its reads wait for the next round.</summary>
    public void Failed(ulong context)
    {
        if (_asked.Remove(context, out var round))
        {
            _waiting.AddRange(round.Barriers);
        }
    }

    public void Applied(ulong index)
    {
        while (_awaitingApply.TryPeek(out var barriers, out var needed) && needed <= index)
        {
            _awaitingApply.Dequeue();
            Release(barriers);
        }
    }

    /// <summary>Gives up contexts asked before <paramref name="oldestTick"/>, and ends reads whose time is up.</summary>
    /// <returns>The contexts that were given up: no read waits for them any more.</returns>
    public IReadOnlySet<ulong> EndOverdue(long now, long oldestTick)
    {
        var givenUp = new HashSet<ulong>();
        foreach (var (context, round) in _asked)
        {
            EndPast(round.Barriers, now);
            if (round.Tick < oldestTick || round.Barriers.Count == 0)
            {
                givenUp.Add(context);
            }
        }

        foreach (var context in givenUp)
        {
            Failed(context);
        }

        EndPast(_waiting, now);
        foreach (var (barriers, _) in _awaitingApply.UnorderedItems)
        {
            EndPast(barriers, now);
        }

        return givenUp;
    }

    /// <summary>The member stops or is fenced: no read will be confirmed any more.</summary>
    public void EndAll() => EndOverdue(long.MaxValue, long.MaxValue);

    private static void Release(List<ReadBarrier> barriers)
    {
        foreach (var barrier in barriers)
        {
            barrier.TrySetResult(true);
        }
    }

    private static void EndPast(List<ReadBarrier> barriers, long now) =>
        barriers.RemoveAll(barrier => barrier.Deadline <= now && (barrier.TrySetResult(false) || true));

    private sealed record Round(List<ReadBarrier> Barriers, long Tick);
}
