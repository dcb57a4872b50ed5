namespace Raftd.Node.Peers;

/// <summary>The newest report of each peer, while it is fresh. Any thread.</summary>
internal sealed class PeerReports(TimeProvider time)
{
    /// <summary>Ten reports. A peer that is silent for longer is down or cut off, and its last report is out of date.</summary>
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(10);

    // Guards _reports.
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, (MemberReport Report, long At)> _reports = [];

    public void Set(ulong peer, MemberReport report)
    {
        lock (_gate)
        {
            _reports[peer] = (report, time.GetTimestamp());
        }
    }

    /// <summary>Null for a peer that has not reported lately.</summary>
    public MemberReport? Find(ulong peer)
    {
        lock (_gate)
        {
            return _reports.TryGetValue(peer, out var known) && time.GetElapsedTime(known.At) < Freshness ? known.Report : null;
        }
    }
}
