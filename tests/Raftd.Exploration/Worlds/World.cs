namespace Raftd.Exploration.Worlds;

/// <summary>One state of a cluster: the numbers of its members' states, all that was ever sent, and some history.</summary>
/// <param name="First">The state of member 1.</param>
/// <param name="Second">The state of member 2.</param>
/// <param name="Third">The state of member 3.</param>
/// <param name="History">The number of what was ever committed, see <see cref="CommittedTable"/>.</param>
/// <param name="Used">What of the scope's limits is used up.</param>
/// <param name="Network">Numbers of messages, in no order that matters, shared with other worlds: never written to.</param>
/// <param name="NetworkHash">The sum of the messages' hashes.</param>
internal readonly record struct World(
    int First, int Second, int Third, int History, Usage Used, int[] Network, ulong NetworkHash)
{
    public int StateOf(int member) => member switch
    {
        0 => First,
        1 => Second,
        _ => Third,
    };

    public World With(int member, int state) => member switch
    {
        0 => this with { First = state },
        1 => this with { Second = state },
        _ => this with { Third = state },
    };

    public ulong Fingerprint
    {
        get
        {
            var hash = Members.Fingerprint.Mix(NetworkHash + Used.Bits);
            hash = Members.Fingerprint.Mix(hash ^ (((ulong)History << 32) | (uint)First));
            return Members.Fingerprint.Mix(hash ^ (((ulong)Second << 32) | (uint)Third));
        }
    }

    public static ulong HashOf(int message) => Members.Fingerprint.Mix((ulong)message + 0x9E3779B97F4A7C15);
}
