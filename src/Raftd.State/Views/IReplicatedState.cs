namespace Raftd.State.Views;

/// <summary>The replicated state of this process, for the parts around it: the lessor, waiters, later watches.</summary>
public interface IReplicatedState
{
    /// <summary>Everything published so far.</summary>
    IStateView View();

    /// <summary>The revision that clients of this process may have been told of, though its view does not show it yet: reads of a front
    /// over a database are answered by the database, and the changes come in behind, which this call hastens.</summary>
    /// <returns>0 where a view is never behind.</returns>
    long SeekTold() => 0;

    /// <summary>Adds an observer, behind those there are. Before the first entry.</summary>
    void Observe(IStateObserver observer);
}
