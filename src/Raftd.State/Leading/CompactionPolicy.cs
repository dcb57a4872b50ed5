using Raftd.State.Views;

namespace Raftd.State.Leading;

/// <summary>Which revisions to remove: keep an hour and at least 10 000 revisions, and fewer when history takes half the quota
/// or a write waits for its room.</summary>
/// <remarks>
/// Ages come from samples that this leader took itself, so after a change of leader nothing is compacted by age for an hour;
/// keeping more than necessary does no harm. Used by one thread.
/// </remarks>
internal sealed class CompactionPolicy(long quotaBytes)
{
    /// <summary>The newest revisions, which stay at any age.</summary>
    public const long KeptRevisions = 10_000;

    /// <summary>A compaction that frees a handful of revisions is not worth an entry.</summary>
    private const long MinStep = KeptRevisions / 10;

    private static readonly TimeSpan KeptTime = TimeSpan.FromHours(1);
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMinutes(1);

    private readonly Queue<(long Taken, long Revision)> _samples = new();
    private long _lastSample;

    /// <summary>The revision to compact to now, or null. Called about once a second.</summary>
    public long? Next(IStateView view, TimeProvider time)
    {
        var wanted = Math.Min(TakeSample(view, time), view.Revision - KeptRevisions);
        return wanted > view.CompactRevision + MinStep ? wanted : null;
    }

    /// <summary>The revision to compact to for room, or null: the older half of the history goes, then half of the rest, down to
    /// the newest revision if need be. The sizes of single revisions are not known; this keeps the newest longest.</summary>
    /// <param name="view">The applied state.</param>
    /// <param name="isAwaited">A write waits for room; otherwise history may have half the quota.</param>
    public long? ForRoom(IStateView view, bool isAwaited)
    {
        var kept = view.Revision - Math.Max(1, view.CompactRevision);
        var isTooMuch = view.HistoryBytes > (isAwaited ? 0 : quotaBytes / 2);
        return isTooMuch && view.CompactRevision < view.Revision ? view.Revision - (kept / 2) : null;
    }

    /// <summary>The newest revision that is older than the kept time, 0 for none.</summary>
    private long TakeSample(IStateView view, TimeProvider time)
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
