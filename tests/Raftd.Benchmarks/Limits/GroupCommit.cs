using Raftd.Wal;

namespace Raftd.Benchmarks.Limits;

/// <summary>The least that a durable write costs: one thread, which appends what has gathered and syncs once for all of it.</summary>
internal sealed class GroupCommit : IDisposable
{
    private const int MaxSegments = 2;

    private readonly object _gate = new(); // guards _waiting and _stopping
    private readonly WriteAheadLog _log;
    private readonly Thread _thread;
    private readonly Thread _helper;
    private List<Write> _waiting = [];
    private bool _stopping;

    public GroupCommit(string directory)
    {
        _log = WriteAheadLog.Open(
            new PosixFileSystem(), directory, new WalOptions { SegmentSizeBytes = 64 << 20, MaxRecordBytes = 64 << 20, ReserveBytes = 64 << 10 });
        _thread = new Thread(Run) { Name = "limit-log", IsBackground = true };
        _helper = new Thread(PrepareSpares) { Name = "limit-spare", IsBackground = true };
        _thread.Start();
        _helper.Start();
    }

    public Task AppendAsync(byte[] data)
    {
        var write = new Write(data);
        lock (_gate)
        {
            _waiting.Add(write);
            if (_waiting.Count == 1)
            {
                Monitor.Pulse(_gate);
            }
        }

        return write.Task;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
        _helper.Join();
        _log.Dispose();
    }

    private void Run()
    {
        List<Write> batch = [];
        while (Take(ref batch))
        {
            var next = _log.LastIndex + 1;
            LogEntry[] entries = [.. batch.Select((write, at) => new LogEntry(1, next + (ulong)at, 0, write.Data))];
            _log.Append(entries, state: null);
            _log.Sync();
            if (_log.Segments is { Count: > MaxSegments } segments)
            {
                _log.DeleteBelow(segments[^MaxSegments].BaseIndex + 1);
            }

            batch.ForEach(write => write.SetResult());
            batch.Clear();
        }
    }

    private bool Take(ref List<Write> batch)
    {
        lock (_gate)
        {
            while (_waiting.Count == 0 && !_stopping)
            {
                Monitor.Wait(_gate);
            }

            (batch, _waiting) = (_waiting, batch);
            return !_stopping;
        }
    }

    /// <summary>As raftd does it, so that both meet a new segment that is there already.</summary>
    private void PrepareSpares()
    {
        while (!Volatile.Read(ref _stopping))
        {
            _log.PrepareSpare();
            Thread.Sleep(100);
        }
    }

    private sealed class Write(byte[] data) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public byte[] Data { get; } = data;
    }
}
