// Layout of an id, high bit first (IdGen's structure):
//
//   +------+-------------------------+------------+------------+
//   | sign | milliseconds since      | generator  | sequence   |
//   | 0    | 2025-01-01T00:00Z, 41 b | 10 bits    | 12 bits    |
//   +------+-------------------------+------------+------------+

using Raftd.Contract;

namespace Raftd.State.Leases;

/// <summary>Draws lease ids: positive, increasing, and never twice in one process.</summary>
/// <remarks>
/// The time part never goes back: while the clock stands behind the last id (it was set back, or a millisecond's 4 096
/// ids are used up), ids go on in the last millisecond and then in the next ones, ahead of the clock. Across restarts a
/// clock that was set back can repeat an id; apply refuses an id that exists and the proposer draws again.
/// Any thread; guarded by its own lock.
/// </remarks>
public sealed class SnowflakeGenerator
{
    private const int GeneratorBits = 10;
    private const int SequenceBits = 12;
    private const long MaxSequence = (1L << SequenceBits) - 1;
    private const long MaxMilliseconds = (1L << 41) - 1;

    private static readonly DateTimeOffset Epoch = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly long _generator;

    private long _lastMilliseconds;
    private long _sequence = -1;

    /// <param name="generator">0 to 1 023, another on each member.</param>
    /// <param name="time">Its wall clock is read.</param>
    public SnowflakeGenerator(int generator, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(generator, Bounds.Generator.Least);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(generator, Bounds.Generator.Most);
        _generator = generator;
        _time = time;
    }

    public long Next()
    {
        lock (_lock)
        {
            var now = Math.Clamp((long)(_time.GetUtcNow() - Epoch).TotalMilliseconds, 0, MaxMilliseconds);
            if (now > _lastMilliseconds)
            {
                _lastMilliseconds = now;
                _sequence = -1;
            }

            if (++_sequence > MaxSequence)
            {
                _lastMilliseconds++;
                _sequence = 0;
            }

            Invariant.Check(_lastMilliseconds <= MaxMilliseconds, $"the 41 bits of time are used up: {_lastMilliseconds}");
            var id = (_lastMilliseconds << (GeneratorBits + SequenceBits)) | (_generator << SequenceBits) | _sequence;
            // A clock at the epoch with generator 0 would draw id 0 first.
            return id != 0 ? id : ++_sequence;
        }
    }
}
