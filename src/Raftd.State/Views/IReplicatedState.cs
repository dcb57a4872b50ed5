namespace Raftd.State.Views;

/// <summary>The replicated state of this process, for the parts around it: the lessor, waiters, later watches.</summary>
public interface IReplicatedState
{
    /// <summary>Everything published so far.</summary>
    IStateView View();

    /// <summary>As IStateView.TryGet on a new view, repeated where the state was replaced under it.</summary>
    bool TryGet(ReadOnlySpan<byte> key, out KeyItem item);

    /// <summary>Adds an observer, behind those there are. Before the first entry.</summary>
    void Observe(IStateObserver observer);
}
