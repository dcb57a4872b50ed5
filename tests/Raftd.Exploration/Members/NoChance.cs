using Raftd.Raft;

namespace Raftd.Exploration.Members;

/// <summary>
/// Election timeouts of one tick more than the shortest, for everyone: there is one moment at which a leader counts as
/// silent and the member does not campaign yet. Who campaigns when is explored, so nothing is left to chance.
/// </summary>
internal sealed class NoChance : IRandomSource
{
    public int Next(int exclusiveMax) => 1;
}
