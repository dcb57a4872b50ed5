using System.Diagnostics.CodeAnalysis;
using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Evaluation;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;
using Raftd.State.Views;

namespace Raftd.Sql.Fronts;

// The rows that other fronts have written, taken in one by one; and what is found wrong in doing so.
internal sealed partial class CommitLoop
{
    // Rows of one look, and logical bytes of the changes that go to the watches with them. What exceeds those is read from history by
    // the watches themselves.
    private const int RowsTogether = 256;
    private const long ChangesTogetherBytes = 4 << 20;

    private long _lastLook;

    private bool IsLast(LogRow row)
    {
        if (row.Seq > _state.Last.Seq)
        {
            return false;
        }

        RequireSame(row);
        return row.Seq == _state.Last.Seq;
    }

    /// <summary>Takes in what is new. Looks once, even if there is more.</summary>
    private void TakeIn(ISession session)
    {
        Volatile.Write(ref _mustLook, false);
        Volatile.Write(ref _hinted, 0);
        _lastLook = _time.GetTimestamp();
        var rows = session.LogFrom(_state.Last.Seq, RowsTogether);
        if (rows.Count > 0 && rows[0].Seq > _state.Last.Seq)
        {
            BeginAnew(session, rows[0].Seq);
            return;
        }

        RequireKnown(session, rows);
        if (rows.Count == 1)
        {
            return;
        }

        var state = _state;
        var leases = new List<LeaseChange>();
        foreach (var row in rows.Skip(1))
        {
            state = state.Behind(row, DeltasOf(row), leases);
        }

        var keys = ChangesBetween(session, _state.Last.Revision, state.Last.Revision);
        Show(state, new PublishedChanges(keys ?? [], leases), hasAllKeys: keys is not null);
        if (rows.Count == RowsTogether)
        {
            Volatile.Write(ref _mustLook, true);
        }
    }

    /// <summary>The log does not reach back any more to where this front stood: it was paused for long.</summary>
    private void BeginAnew(ISession session, long first)
    {
        SqlLog.BegunAnew(_logger, _state.Last.Seq, first);
        _state = FrontLoader.Load(session);
        _known.Forget();
        _board.Replace(_state);
    }

    /// <returns>Null where they are too many to be told at once.</returns>
    private static List<RevisionRecord>? ChangesBetween(ISession session, long behind, long through)
    {
        if (behind == through)
        {
            return [];
        }

        using var snapshot = session.Snapshot([]);
        var changes = snapshot.Changes(new Revision(behind + 1, 0), ChangesTogetherBytes).Where(change => change.Revision.Main <= through).ToList();
        var bytes = changes.Sum(static change => (long)change.LogicalBytes);
        return bytes <= ChangesTogetherBytes && snapshot.Last.CompactRevision <= behind + 1 ? changes : null;
    }

    private static RowDeltas DeltasOf(LogRow row) => RowDeltas.TryDecode(row.Deltas, out var deltas)
        ? deltas
        : throw new DatabaseException(DatabaseFault.Wrong, $"what row {row.Seq} of the log says of leases cannot be read");

    /// <summary>The state of this front from here on: shown first, then told.</summary>
    private void Show(FrontState state, PublishedChanges changes, bool hasAllKeys)
    {
        _state = state;
        if (hasAllKeys)
        {
            _known.Follow(changes.Keys);
        }
        else
        {
            _known.Forget();
        }

        _board.Show(state, changes, hasAllKeys);
    }

    /// <summary>The first row must be the last one known here.</summary>
    private void RequireKnown(ISession session, IReadOnlyList<LogRow> rows)
    {
        if (rows.Count == 0 && IsRemoved(session))
        {
            _board.End(session);
            throw new DatabaseException(DatabaseFault.Again, $"the bucket {_database.Bucket} was removed");
        }

        if (rows.Count == 0 || rows[0].Seq != _state.Last.Seq)
        {
            LoseHistory($"row {_state.Last.Seq} of the log is gone");
        }
        else
        {
            RequireSame(rows[0]);
        }
    }

    /// <summary>This front was away for so long that even the end of the log is deleted.</summary>
    private bool IsRemoved(ISession session) =>
        _database.Bucket != BucketNames.Default
        && !session.Buckets().Any(bucket => bucket.ClusterId == _database.ClusterId && bucket.IsLive);

    private void RequireSame(LogRow row)
    {
        if (row.Seq < _state.Last.Seq)
        {
            LoseHistory($"the log ends at row {row.Seq}, and had row {_state.Last.Seq}");
        }
        else if (row.Chain != _state.Last.Chain)
        {
            LoseHistory($"row {row.Seq} of the log is another one than before");
        }
    }

    /// <summary>The database answers what contradicts what it has acknowledged. This front serves nothing any more; after a restart it
    /// takes what is there for the truth, which is the operator's to decide.</summary>
    [DoesNotReturn]
    private void LoseHistory(string reason)
    {
        _board.FenceOff(HistoryLost(reason));
        throw new DatabaseException(DatabaseFault.Wrong, reason);
    }

    /// <summary>What clients are told from then on.</summary>
    public static StoreException HistoryLost(string reason) => new(
        ErrorCode.NotReady,
        $"the database has lost history: {reason}",
        "if it was restored on purpose, restart the fronts; if not, find out what the database lost before you do");
}
