namespace Raftd.Node.Loops;

/// <summary>What PoolGuard needs of the runtime's thread pool.</summary>
internal interface IWorkerPool
{
    /// <summary>Below this many threads a new one is started at once; above it the runtime waits about half a second.</summary>
    int MinThreads { get; set; }

    int Threads { get; }

    /// <summary>Queues the work behind all work that waits.</summary>
    void Post(Action work);
}
