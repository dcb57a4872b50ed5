namespace Raftd.Node.Replication;

/// <summary>Why there is no snapshot.</summary>
internal enum SpoolFault
{
    /// <summary>The disk has not the room for it.</summary>
    NoSpace,

    /// <summary>The disk failed, or the state could not be read.</summary>
    Io,

    /// <summary>A pair of the state is not what was stored: it is never sent, and this member stops.</summary>
    Damaged,

    /// <summary>This member is stopping.</summary>
    Stopped,
}

/// <summary>What a request ends with: a lease, or the reason why not.</summary>
internal readonly record struct SpoolAnswer(SpoolLease? Lease, SpoolFault Fault = default, string Reason = "");

/// <summary>One caller's wish for a snapshot, until it is answered or cancelled.</summary>
internal sealed class SpoolRequest(ulong minimumIndex, bool keepsLog, Action<SpoolAnswer> answered)
{
    private const int Waiting = 0;
    private const int Answered = 1;
    private const int Cancelled = 2;

    private int _state;

    /// <summary>An older snapshot would be of no use to the caller.</summary>
    public ulong MinimumIndex => minimumIndex;

    /// <summary>For a peer: it needs the log behind the snapshot as well.</summary>
    public bool KeepsLog => keepsLog;

    public bool IsCancelled => Volatile.Read(ref _state) == Cancelled;

    /// <summary>The caller wants no answer any more: what comes too late is let go of here.</summary>
    public void Cancel() => Interlocked.CompareExchange(ref _state, Cancelled, Waiting);

    internal void Answer(SpoolAnswer answer)
    {
        if (Interlocked.CompareExchange(ref _state, Answered, Waiting) == Waiting)
        {
            answered(answer);
        }
        else
        {
            answer.Lease?.Dispose();
        }
    }
}
