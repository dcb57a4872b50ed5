namespace Raftd.Simulation.Clients;

/// <summary>A request under way at one start of a member. Looked at after each step of it: nothing here is awaited, for an
/// awaited task would go on on the thread pool.</summary>
internal interface IWaiting
{
    /// <returns>True when it has ended, and what came of it is noted.</returns>
    bool TryEnd();

    /// <summary>The member has died: the connection broke.</summary>
    void Lost();
}
