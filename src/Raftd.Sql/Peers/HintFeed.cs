using Raftd.Sql.Fronts;
using Raftd.State.Views;

namespace Raftd.Sql.Peers;

/// <summary>Wakes the streams of hints of the fronts that listen here: behind each row, and ten times a second without.</summary>
/// <param name="self">The number of this front.</param>
/// <param name="board">Says who leads, and which row is the last.</param>
/// <param name="time">Monotonic time.</param>
internal sealed class HintFeed(ulong self, FrontBoard board, TimeProvider time) : IStateObserver
{
    private static readonly TimeSpan SignInterval = TimeSpan.FromMilliseconds(100);

    // Guards the streams.
    private readonly Lock _gate = new();
    private readonly List<HintSession> _sessions = [];
    private long _signedAt;

    public bool Leads => board.IsLedBy(self);

    public bool HasListeners
    {
        get
        {
            lock (_gate)
            {
                return _sessions.Count > 0;
            }
        }
    }

    public long LastSeq => board.State.Last.Seq;

    public void Add(HintSession session)
    {
        lock (_gate)
        {
            _sessions.Add(session);
        }
    }

    public void Remove(HintSession session)
    {
        lock (_gate)
        {
            _sessions.Remove(session);
        }
    }

    public void OnPublished(PublishedChanges changes) => Tell(isSign: false);

    public void OnReplaced() => Tell(isSign: false);

    public void Tick()
    {
        if (time.GetElapsedTime(_signedAt) >= SignInterval)
        {
            _signedAt = time.GetTimestamp();
            Tell(isSign: true);
        }
    }

    private void Tell(bool isSign)
    {
        HintSession[] sessions;
        lock (_gate)
        {
            sessions = [.. _sessions];
        }

        Array.ForEach(sessions, session => session.Tell(isSign));
    }
}
