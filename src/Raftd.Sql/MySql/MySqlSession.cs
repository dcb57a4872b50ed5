using System.Data.Common;
using Raftd.Sql.Database;
using Raftd.State.Keyspaces;

namespace Raftd.Sql.MySql;

/// <summary>One connection.</summary>
internal sealed class MySqlSession(MySqlDatabase database, MySqlPool.Lease lease) : ISession
{
    private enum State
    {
        /// <summary>No transaction is open.</summary>
        Free,

        /// <summary>A snapshot reads.</summary>
        Reading,

        /// <summary>A transaction is open that nothing needs: of a snapshot, or of a batch that was refused. The next packet ends it.</summary>
        Left,

        /// <summary>A call has failed. The connection is never used again.</summary>
        Failed,
    }

    private State _state;

    public long Bucket => database.BucketId;

    public static void AddFronts(MySqlScript script) => script.Add($"SELECT {MySqlRows.FrontColumns} FROM raftd_fronts ORDER BY id");

    public ISnapshot Snapshot(IReadOnlyList<ReadOnlyMemory<byte>> keys)
    {
        var script = NewScript();
        script.Add($"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
        script.Add($"START TRANSACTION WITH CONSISTENT SNAPSHOT");
        MySqlSnapshot.AddFirstReads(script, Bucket, keys);
        LogRow? last = null;
        var found = new List<KeyRow>();
        Send(script, mayHaveWritten: false, reader =>
        {
            if (last is null)
            {
                last = reader.Read() ? MySqlRows.Log(reader) : throw database.LogIsEmpty();
            }
            else
            {
                MySqlRows.AddAll(reader, MySqlRows.Key, found);
            }
        });
        _state = State.Reading;
        return new MySqlSnapshot(this, last!, keys, found);
    }

    public IReadOnlyList<LogRow> LogFrom(long seq, int max)
    {
        var script = NewScript();
        script.Add($"SELECT {MySqlRows.LogColumns} FROM raftd_log WHERE bucket = {Bucket} AND seq >= {seq} ORDER BY seq LIMIT {max}");
        return Run(script, mayHaveWritten: false, MySqlRows.Log);
    }

    public bool Commit(Batch batch) => batch.Deletion is { } deletion ? Commit(batch, deletion) : CommitAtOnce(batch);

    private bool CommitAtOnce(Batch batch)
    {
        var script = NewScript();
        MySqlCommit.Add(script, Bucket, batch);
        return TryInsertLog(script, mayHaveWritten: true, State.Free);
    }

    /// <summary>Slice by slice. Until the last packet, what fails is undone with its connection.</summary>
    private bool Commit(Batch batch, RangeDeletion deletion)
    {
        var beginning = NewScript();
        MySqlCommit.AddBeginning(beginning, Bucket, batch);

        // Whatever ends this early leaves the transaction to be taken back.
        if (!TryInsertLog(beginning, mayHaveWritten: false, State.Left))
        {
            return false;
        }

        foreach (var (slice, firstSub) in deletion.Numbered())
        {
            deletion.RequireTime();
            var step = new MySqlScript();
            MySqlRangeDeletion.Add(step, Bucket, deletion, slice, firstSub);
            var deleted = new List<long>();
            Send(step, mayHaveWritten: false, reader => MySqlRows.AddAll(reader, static row => row.GetInt64(0), deleted));
            RangeDeletion.Require(slice, deleted[0]);
        }

        deletion.RequireTime();
        Write(new MySqlScript().Add($"COMMIT"));
        return true;
    }

    /// <param name="script">With the row of the log.</param>
    /// <param name="mayHaveWritten">The end of the transaction is in it.</param>
    /// <param name="behind">The state that it leaves.</param>
    /// <returns>False where the row was refused.</returns>
    private bool TryInsertLog(MySqlScript script, bool mayHaveWritten, State behind)
    {
        var isLogTaken = false;
        try
        {
            SendAll(script, mayHaveWritten, _ => isLogTaken = true, failure => !isLogTaken && MySqlFaults.IsLostRace(failure));
            _state = behind;
            return true;
        }
        catch (MySqlFailure)
        {
            _state = State.Left;
            return false;
        }
    }

    public SweepStep Sweep(Revision from, long compactRevision, int max)
    {
        var beginning = NewScript();
        MySqlSweep.AddBeginning(beginning, Bucket, from, compactRevision, max);
        var results = 0;
        var next = new Revision(compactRevision + 1, 0);
        Send(beginning, mayHaveWritten: false, reader =>
        {
            if (++results == 2 && reader.Read())
            {
                next = new Revision(reader.GetInt64(0), reader.GetInt64(1));
            }
        });
        var end = new MySqlScript();
        MySqlSweep.AddEnd(end, Bucket, from, next, compactRevision);
        return new SweepStep(next, Run(end, mayHaveWritten: true, SweptOf)[0]);
    }

    public Swept Swept()
    {
        var script = NewScript();
        MySqlSweep.AddRead(script, Bucket);
        return Run(script, mayHaveWritten: false, SweptOf)[0];
    }

    /// <remarks>Rows have no gaps, so a number of rows is a distance. The end is a number, because no index serves a comparison with one
    /// that the statement has to find out.</remarks>
    public void TrimLog(long below, int max)
    {
        var ends = NewScript();
        ends.Add($"SELECT MIN(seq), MAX(seq) FROM raftd_log WHERE bucket = {Bucket}");
        var (first, last) = Run(ends, mayHaveWritten: false, static row => (row.GetInt64(0), row.GetInt64(1)))[0];
        var script = NewScript();
        script.Add($"DELETE FROM raftd_log WHERE bucket = {Bucket} AND seq < {Math.Min(below, Math.Min(last, first + max))}");
        Write(script);
    }

    public void Beat(FrontRow front)
    {
        var script = NewScript();
        script.Write($"INSERT INTO raftd_fronts ({MySqlRows.FrontColumns}) VALUES ({front.Id}, {MySqlRows.BytesOf(front.Label)}, ");
        script.Write($"{MySqlRows.BytesOf(front.HttpAddress)}, {MySqlRows.BytesOf(front.PeerAddress)}, ");
        script.Write($"{MySqlRows.BytesOf(front.Version)}, {front.Beat}) ");
        script.Write($"ON DUPLICATE KEY UPDATE label = VALUES(label), http_addr = VALUES(http_addr), peer_addr = VALUES(peer_addr), ");
        script.Add($"version = VALUES(version), beat = VALUES(beat)");
        Write(script);
    }

    public IReadOnlyList<FrontRow> Fronts()
    {
        var script = NewScript();
        AddFronts(script);
        return Run(script, mayHaveWritten: false, MySqlRows.Front);
    }

    public void RemoveFront(ulong id)
    {
        var script = NewScript();
        script.Add($"DELETE FROM raftd_fronts WHERE id = {id}");
        Write(script);
    }

    public IReadOnlyList<BucketRow> Buckets()
    {
        var script = NewScript();
        MySqlBuckets.AddList(script);
        return Run(script, mayHaveWritten: false, MySqlBuckets.Read);
    }

    public bool AddBucket(BucketRow bucket, LogRow first)
    {
        var script = NewScript();
        MySqlBuckets.AddNew(script, bucket, first);
        return Run(script, mayHaveWritten: true, static row => row.GetInt64(0))[0] > 0;
    }

    public bool ClearBucket(long id, int max)
    {
        foreach (var table in MySqlBuckets.ToClear)
        {
            var step = NewScript();
            MySqlBuckets.AddClearing(step, table, id, max);
            if (Run(step, mayHaveWritten: true, static row => row.GetInt64(0))[0] > 0)
            {
                return true;
            }
        }

        var end = NewScript();
        MySqlBuckets.AddCleared(end, id);
        Write(end);
        return false;
    }

    /// <summary>Reads within the snapshot that is open: the rows of all results, one behind the other.</summary>
    public List<T> Read<T>(MySqlScript script, Func<DbDataReader, T> of)
    {
        Invariant.Check(_state == State.Reading, $"a snapshot was asked while its session was {_state}");
        var rows = new List<T>();
        Send(script, mayHaveWritten: false, reader => MySqlRows.AddAll(reader, of, rows));
        return rows;
    }

    public void EndSnapshot()
    {
        if (_state == State.Reading)
        {
            _state = State.Left;
        }
    }

    public void Dispose()
    {
        try
        {
            if (_state is State.Reading or State.Left)
            {
                _state = State.Left;
                Write(NewScript());
            }
        }
        catch (DatabaseException)
        {
            // Nothing was left to be done on a connection that is thrown away now.
        }
        finally
        {
            lease.GiveBack(isClean: _state == State.Free);
        }
    }

    private static Swept SweptOf(DbDataReader row) => new(row.GetInt64(0), row.GetInt64(1));

    private MySqlScript NewScript()
    {
        Invariant.Check(_state is State.Free or State.Left, $"a session was used while it was {_state}");
        var script = new MySqlScript();
        if (_state == State.Left)
        {
            script.Add($"ROLLBACK");
        }

        return script;
    }

    private void Write(MySqlScript script) => Run(script, mayHaveWritten: true, static _ => true);

    /// <summary>For statements that leave no transaction open.</summary>
    /// <returns>The rows of their one result, or of all.</returns>
    private List<T> Run<T>(MySqlScript script, bool mayHaveWritten, Func<DbDataReader, T> of)
    {
        var rows = new List<T>();
        Send(script, mayHaveWritten, reader => MySqlRows.AddAll(reader, of, rows));
        _state = State.Free;
        return rows;
    }

    private void Send(MySqlScript script, bool mayHaveWritten, Action<DbDataReader> onResult) =>
        SendAll(script, mayHaveWritten, onResult, static _ => false);

    /// <param name="script">One packet after the other.</param>
    /// <param name="mayHaveWritten">By the last packet: what is before it is undone with its connection.</param>
    /// <param name="onResult">Shown each result.</param>
    /// <param name="isExpected">Failures that are the caller's, after which the connection is as good as before.</param>
    /// <exception cref="MySqlFailure">An expected one.</exception>
    private void SendAll(MySqlScript script, bool mayHaveWritten, Action<DbDataReader> onResult, Func<MySqlFailure, bool> isExpected)
    {
        var packets = script.Packets();
        for (var at = 0; at < packets.Count; at++)
        {
            try
            {
                database.Send(lease.Link, packets[at], onResult);
            }
            catch (MySqlFailure failure) when (!isExpected(failure))
            {
                _state = State.Failed;
                database.Discard();
                throw MySqlFaults.Of(failure, mayHaveWritten && at == packets.Count - 1, database.Target);
            }
            catch (DatabaseException)
            {
                _state = State.Failed;
                throw;
            }
        }
    }
}
