using Microsoft.Extensions.Logging;
using Raftd.Sql.Database;
using Raftd.State.Keyspaces;

namespace Raftd.Sql.Fronts;

/// <summary>What goes on beside the commits of one bucket: the election of its leader, and that leader's sweeping and trimming. On the
/// thread of the upkeep.</summary>
internal sealed class BucketUpkeep(
    IDatabase database, long bucket, UpkeepLoop upkeep, FrontBoard board, CommitLoop commits, FrontOptions options, TimeProvider time,
    ILogger logger)
{
    // Versions looked at in one step of a sweep.
    private const int VersionsOfOneStep = 1000;

    // Rows deleted in one step, and by how many more than are kept the log may grow before.
    private const int TrimStep = 5000;

    // Where the sweep of a compaction goes on. The database remembers whole revisions: what begins anew there finds what is done undone.
    private (long Compacted, Revision Next) _sweep;
    private long _sweepAt;
    private long _trimmed;
    private bool _isSweeping = true;

    public long Id => bucket;

    /// <summary>It is served here no more.</summary>
    public bool IsFenced => board.Fence is not null;

    /// <summary>A timestamp; null where there is nothing to sweep.</summary>
    public long? NextSweep => _isSweeping && !IsFenced ? _sweepAt : null;

    private bool IsLeader => board.State.Last.Leader == upkeep.Self;

    /// <param name="row">Null where the bucket is not there any more.</param>
    public void LookAt(BucketRow? row)
    {
        if (IsFenced)
        {
            return;
        }

        var last = board.State.Last;
        if (row?.Seq != last.Seq)
        {
            commits.Look();
        }

        if (row is null)
        {
            return;
        }

        board.Swept = row.Swept;
        if (last.Leader != upkeep.Self && upkeep.SilenceOf(last.Leader) is { } silence && upkeep.HeirOf(bucket) == upkeep.Self)
        {
            NoteTakingOver(last.Leader, silence);
            commits.Appoint(last.Epoch, upkeep.Self);
        }
        else if (IsLeader && upkeep.GiveAway(bucket) is { } other)
        {
            commits.Appoint(last.Epoch, other);
        }

        Trim(last.Seq - options.KeptRows);
    }

    /// <summary>Deletes what a compaction has left behind, and rests as long as each step took: writers keep most of their speed.</summary>
    public void Sweep()
    {
        var compacted = board.State.Last.CompactRevision;
        _isSweeping = IsLeader && board.Swept.Revision <= compacted && compacted > 0;
        var now = time.GetTimestamp();
        if (!_isSweeping || IsFenced || now < _sweepAt)
        {
            return;
        }

        using var session = database.Open();
        if (IsKnown(session))
        {
            var from = _sweep.Compacted == compacted ? _sweep.Next : new Revision(board.Swept.Revision - 1, 0);
            var step = session.Sweep(from, compacted, VersionsOfOneStep);
            (_sweep, board.Swept) = ((compacted, step.Next), step.Swept);
            _sweepAt = time.GetTimestamp() + (time.GetTimestamp() - now);
        }
    }

    private void NoteTakingOver(ulong leader, TimeSpan silence)
    {
        if (silence > TimeSpan.Zero)
        {
            SqlLog.TakingOver(logger, leader, silence, database.Bucket);
        }
        else
        {
            SqlLog.TakingLead(logger, database.Bucket);
        }
    }

    private void Trim(long below)
    {
        if (!IsLeader || below <= _trimmed)
        {
            return;
        }

        using var session = database.Open();
        if (IsKnown(session))
        {
            session.TrimLog(below, TrimStep);
            _trimmed = Math.Min(below, _trimmed + TrimStep);
        }
    }

    /// <summary>The database is the one that this front's state is of. One that has lost history may not be swept by what was compacted in
    /// the history that is gone: what it would lose is readable. The commit loop says so in a moment.</summary>
    private bool IsKnown(ISession session)
    {
        var last = board.State.Last;
        return session.LogFrom(last.Seq, 1) is [{ } row] && row.Seq == last.Seq && row.Chain == last.Chain;
    }
}
