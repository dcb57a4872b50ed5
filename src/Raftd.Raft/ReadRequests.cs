namespace Raftd.Raft;

/// <summary>The reads that one round answers: this member's own, and the batches that others forwarded.</summary>
/// <remarks>
/// A forwarded batch is sent again at each heartbeat until it is answered. It is held once, and for as long as it is
/// repeated: a leader learns in no other way that the member which asked has given up or stopped.
/// </remarks>
internal sealed class ReadRequests
{
    // The value says whether the batch was repeated since the last ForgetSilent.
    private readonly Dictionary<(NodeId From, ulong Batch), bool> _forwarded = [];

    /// <summary>Contexts, in the order in which they were asked.</summary>
    public List<ulong> Own { get; } = [];

    public IEnumerable<(NodeId From, ulong Batch)> Forwarded => _forwarded.Keys;

    public int Count => Own.Count + _forwarded.Count;

    public void Forward(NodeId from, ulong batch) => _forwarded[(from, batch)] = true;

    /// <summary>False when the batch is not among these.</summary>
    public bool TryRepeat(NodeId from, ulong batch)
    {
        if (!_forwarded.ContainsKey((from, batch)))
        {
            return false;
        }

        Forward(from, batch);
        return true;
    }

    public void Forget(IReadOnlySet<ulong> contexts) => Own.RemoveAll(contexts.Contains);

    /// <summary>Drops the batches that were not repeated since the last call.</summary>
    public void ForgetSilent()
    {
        foreach (var (batch, isRepeated) in _forwarded)
        {
            // A dictionary allows both while it is enumerated.
            if (isRepeated)
            {
                _forwarded[batch] = false;
            }
            else
            {
                _forwarded.Remove(batch);
            }
        }
    }
}
