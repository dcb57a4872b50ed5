namespace Raftd.Benchmarks.Greedy;

/// <summary>Looks at a process ten times a second.</summary>
internal sealed class MemoryWatch : IDisposable
{
    private readonly ServerProcess _server;
    private readonly Lock _lock = new();
    private readonly Timer _timer;
    private double _maxMegabytes;

    public MemoryWatch(ServerProcess server)
    {
        _server = server;
        _timer = new Timer(_ => Look(), state: null, TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
    }

    public double MaxMegabytes
    {
        get
        {
            lock (_lock)
            {
                return _maxMegabytes;
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        lock (_lock)
        {
            _maxMegabytes = Math.Max(_maxMegabytes, _server.MemoryMegabytes("VmRSS"));
        }
    }
}
