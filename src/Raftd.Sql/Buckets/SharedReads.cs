using Raftd.Sql.Database;
using Raftd.Sql.Fronts;
using Raftd.State.Loops;

namespace Raftd.Sql.Buckets;

/// <summary>One reader of a pool that shares its thread: it keeps no connection while no read waits.</summary>
internal sealed class SharedReads(ReadPool reads, bool prefersRanges) : ILoop
{
    private ISession? _session;

    public bool Step()
    {
        var hasRead = reads.Step(ref _session, prefersRanges);
        if (!hasRead)
        {
            _session?.Dispose();
            _session = null;
        }

        return hasRead;
    }

    public void Tick()
    {
    }
}
