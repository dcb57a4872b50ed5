namespace Raftd.Node.Loops;

/// <summary>The thread pool of this process.</summary>
internal sealed class RuntimePool : IWorkerPool
{
    public int MinThreads
    {
        get
        {
            ThreadPool.GetMinThreads(out var workers, out _);
            return workers;
        }

        set
        {
            ThreadPool.GetMinThreads(out _, out var ports);
            ThreadPool.SetMinThreads(value, ports);
        }
    }

    public int Threads => ThreadPool.ThreadCount;

    public void Post(Action work) => ThreadPool.UnsafeQueueUserWorkItem(static work => work(), work, preferLocal: false);
}
