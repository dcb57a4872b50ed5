using Raftd.Store.Mvcc;

namespace Raftd.Node.Replication;

/// <summary>Which revisions may go: keep an hour and at least 10 000 revisions; less when history fills half the quota.</summary>
/// <remarks>
/// Ages are known from samples that this leader took itself, so after a change of leader nothing is compacted by age for
/// an hour: keeping more than asked for harms nobody. Used by the replica's thread alone.
/// </remarks>
internal sealed class CompactionPolicy(long quotaBytes)
{
    /// <summary>Revisions that stay, whatever their age.</summary>
    public const long KeptRevisions = 10_000;

    private static readonly TimeSpan KeptTime = TimeSpan.FromHours(1);
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMinutes(1);

    private readonly Queue<(long Taken, long Revision)> _samples = new();
    private long _lastSample;

    /// <summary>The revision to compact to now, or null. Called about once a second.</summary>
    public long? Next(KeyspaceView view, TimeProvider time)
    {
        var aged = TakeSample(view, time);
        var full = view.HistoryBytes > quotaBytes / 2;
        var wanted = full ? view.Revision - KeptRevisions : Math.Min(aged, view.Revision - KeptRevisions);
        return wanted > view.CompactRevision + Step(full) ? wanted : null;
    }

    /// <summary>A compaction that frees a handful of revisions is not worth an entry.</summary>
    private static long Step(bool full) => full ? 0 : KeptRevisions / 10;

    /// <summary>The newest revision that is older than what is kept, 0 for none.</summary>
    private long TakeSample(KeyspaceView view, TimeProvider time)
    {
        if (_lastSample == 0 || time.GetElapsedTime(_lastSample) >= SampleInterval)
        {
            _lastSample = time.GetTimestamp();
            _samples.Enqueue((_lastSample, view.Revision));
        }

        var aged = 0L;
        while (_samples.TryPeek(out var oldest) && time.GetElapsedTime(oldest.Taken) >= KeptTime)
        {
            aged = oldest.Revision;
            _samples.Dequeue();
        }

        return aged;
    }
}
