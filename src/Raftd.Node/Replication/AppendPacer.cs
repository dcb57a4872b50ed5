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
// Once it is committed, its clients have their answers, and those who have more to write are back at once. Without a further
// wait two groups of clients would form, each of which writes while the other one is answered, and appends would hold half of
// what they could. So the next append waits until three quarters of all are there, those who were answered and those who wait:
// the last ones would make the others wait for the slowest. Some do not come back, so that this is bounded by LongestForReturn.
//
// The first command of a cluster at rest never waits, and neither does that of a client who writes alone. A large one does not
// either: it is worth an append of its own.

namespace Raftd.Node.Replication;

/// <summary>Owned by the replica's thread.</summary>
internal sealed class AppendPacer(TimeProvider time)
{
    /// <summary>A command of so many bytes is large.</summary>
    public const int LargeBytes = 16 * 1024;

    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(10);

    // Threads sleep in whole milliseconds.
    private static readonly TimeSpan LongestForPeers = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestForReturn = TimeSpan.FromMilliseconds(1);

    // The newest append.
    private ulong _sequence;
    private ulong _lastIndex;

    // Its commands, until it is seen to be committed; then how many the next one waits for.
    private int _underWay;
    private int _expected;

    /// <summary>A timestamp: nothing gathers for longer. In the past while nothing does.</summary>
    public long Until { get; private set; } = long.MinValue;

    /// <summary>An append is handed to the log and sent to the followers.</summary>
    /// <param name="sequence">Of its Ready.</param>
    /// <param name="lastIndex">Of its entries.</param>
    /// <param name="commands">How many entries it has.</param>
    public void Appended(ulong sequence, ulong lastIndex, int commands)
    {
        _sequence = sequence;
        _lastIndex = lastIndex;
        _underWay = commands;
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
    public void End()
    {
        _underWay = 0;
        Until = long.MinValue;
    }

    /// <summary>How many more commands the next append waits for: 0 for none, int.MaxValue until the commit or the time ends the
    /// wait.</summary>
    /// <param name="commit">As far as the log is committed.</param>
    /// <param name="gathered">Commands that wait for the next append.</param>
    public int Wanted(ulong commit, int gathered)
    {
        if (commit >= _lastIndex && _underWay > 0)
        {
            _expected = (_underWay + gathered) * 3 / 4;
            _underWay = 0;
            Until = time.TimestampAfter(LongestForReturn);
        }

        if (time.GetTimestamp() >= Until)
        {
            return 0;
        }

        return commit < _lastIndex ? int.MaxValue : Math.Max(0, _expected - gathered);
    }
}
