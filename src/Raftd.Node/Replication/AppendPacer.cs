// When a leader appends the commands that have gathered.
//
// The naive way appends each command as it comes. An append wakes four threads here and as many at each follower, and costs two
// packets for each of them, whether it holds one command or sixty: a busy machine spends more on appends than on commands.
//
// So while an append is under way, that is until it is committed, commands gather for the next one. What it costs them:
//
//   - While the own disk works, nothing. What is appended meanwhile is synced behind it in any case, here and, a packet's way
//     later, at the followers (LogWriter).
//   - From then on until the commit comes, about a round trip. Over a slow network appends have to overlap, so that this wait is
//     bounded by LongestForPeers.
//   - A disk that hangs must not hold up what the others can commit without it: all of it is bounded by Longest.
//
// The first command of a cluster at rest never waits. A large one does not either: it is worth an append of its own.

namespace Raftd.Node.Replication;

/// <summary>Owned by the replica's thread.</summary>
internal sealed class AppendPacer(TimeProvider time)
{
    /// <summary>A command of so many bytes is large.</summary>
    public const int LargeBytes = 16 * 1024;

    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(10);

    // Threads sleep in whole milliseconds.
    private static readonly TimeSpan LongestForPeers = TimeSpan.FromMilliseconds(2);

    // The newest append.
    private ulong _sequence;
    private ulong _lastIndex;

    /// <summary>A timestamp: nothing gathers for longer. In the past while nothing does.</summary>
    public long Until { get; private set; } = long.MinValue;

    /// <summary>An append is handed to the log and sent to the followers.</summary>
    /// <param name="sequence">Of its Ready.</param>
    /// <param name="lastIndex">Of its entries.</param>
    public void Appended(ulong sequence, ulong lastIndex)
    {
        _sequence = sequence;
        _lastIndex = lastIndex;
        Until = time.TimestampAfter(Longest);
    }

    /// <summary>The own log has this Ready and all before it on disk.</summary>
    public void Durable(ulong sequence)
    {
        if (sequence >= _sequence)
        {
            Until = Math.Min(Until, time.TimestampAfter(LongestForPeers));
        }
    }

    /// <summary>A large command has come.</summary>
    public void End() => Until = long.MinValue;

    /// <param name="commit">As far as the log is committed.</param>
    public bool MustGather(ulong commit) => commit < _lastIndex && time.GetTimestamp() < Until;
}
