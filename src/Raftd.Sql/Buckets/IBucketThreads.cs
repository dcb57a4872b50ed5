using Raftd.State.Loops;

namespace Raftd.Sql.Buckets;

/// <summary>Where the buckets of a front run: threads in the product, the simulator's order of events in its fronts.</summary>
internal interface IBucketThreads : IDisposable
{
    /// <param name="loop">Stepped from now on.</param>
    /// <param name="pace">How long after a tick the next one is due; asked again and again.</param>
    ILoopSeat Add(ILoop loop, Func<TimeSpan> pace);

    /// <summary>Runs what waits for the database, apart from all else.</summary>
    Task<T> CallAsync<T>(Func<T> call);

    /// <summary>Begins awaited code, not before this returns: the caller may hold a lock.</summary>
    Task<T> RunAsync<T>(Func<Task<T>> code);
}

/// <summary>A loop's place among those that are stepped.</summary>
internal interface ILoopSeat
{
    /// <summary>Makes the loop step soon. Any thread.</summary>
    void Wake();

    /// <summary>Gives the place up, once.</summary>
    /// <returns>Completes when the loop is stepped no more.</returns>
    Task LeaveAsync();
}
