using Raftd.Sql.Fronts;
using Raftd.State.Loops;

namespace Raftd.Sql.Buckets;

/// <summary>A commit loop that shares its thread: it keeps no connection while it has nothing to do.</summary>
internal sealed class SharedCommits(CommitLoop commits) : ILoop
{
    public bool Step()
    {
        var hasMore = commits.Step();
        if (!hasMore)
        {
            commits.Rest();
        }

        return hasMore;
    }

    public void Tick() => commits.Tick();
}
