namespace Raftd.Node.Replication;

/// <summary>Why there is no snapshot.</summary>
internal enum SpoolFault
{
    /// <summary>The disk has no room for it.</summary>
    NoSpace,

    /// <summary>The disk failed, or the state could not be read.</summary>
    Io,

    /// <summary>A pair of the state is damaged: it is never sent, and this member stops.</summary>
    Damaged,

    /// <summary>This member is stopping.</summary>
    Stopped,
}

/// <summary>The answer to a request: a lease, or the reason why there is none.</summary>
internal readonly record struct SpoolAnswer(SpoolLease? Lease, SpoolFault Fault = default, string Reason = "");

/// <summary>One caller's request for a snapshot, until it is answered or cancelled.</summary>
internal sealed class SpoolRequest(ulong minimumIndex, bool keepsLog, Action<SpoolAnswer> answered)
{
    private const int Waiting = 0;
    private const int Answered = 1;
    private const int Cancelled = 2;

    private int _state;

    /// <summary>The caller cannot use an older snapshot.</summary>
    public ulong MinimumIndex => minimumIndex;

    /// <summary>For a peer: it needs the log behind the snapshot as well.</summary>
    public bool KeepsLog => keepsLog;

    public bool IsCancelled => Volatile.Read(ref _state) == Cancelled;

    /// <summary>The caller wants no answer any more; a lease that comes too late is disposed here.</summary>
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
