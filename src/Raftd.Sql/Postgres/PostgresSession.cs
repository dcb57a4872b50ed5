using System.Data;
using Npgsql;
using Raftd.Sql.Database;
using Raftd.State.Keyspaces;

namespace Raftd.Sql.Postgres;

/// <summary>One connection.</summary>
internal sealed class PostgresSession(PostgresDatabase database, NpgsqlConnection connection) : ISession
{
    private enum State
    {
        /// <summary>No transaction is open.</summary>
        Free,

        /// <summary>A snapshot reads.</summary>
        Reading,

        /// <summary>A transaction is open that nothing needs: of a snapshot, or of a batch that was refused. The next command ends it.</summary>
        Left,

        /// <summary>A call has failed. The connection is never used again.</summary>
        Failed,
    }

    private State _state;

    public static string SelectFronts { get; } = $"SELECT {PostgresRows.FrontColumns} FROM raftd_fronts ORDER BY id";

    public long Bucket => database.BucketId;

    public ISnapshot Snapshot(IReadOnlyList<ReadOnlyMemory<byte>> keys)
    {
        using var batch = NewBatch();
        batch.Add("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
        PostgresSnapshot.AddFirstReads(batch, Bucket, keys);
        var snapshot = Run(batch, mayHaveWritten: false, reader => new PostgresSnapshot(this, reader, keys));
        _state = State.Reading;
        return snapshot;
    }

    public IReadOnlyList<LogRow> LogFrom(long seq, int max)
    {
        using var batch = NewBatch();
        batch.Add($"SELECT {PostgresRows.LogColumns} FROM raftd_log WHERE bucket = $1 AND seq >= $2 ORDER BY seq LIMIT $3")
            .With(Bucket).With(seq).With(max);
        return Run(batch, mayHaveWritten: false, static reader => PostgresRows.All(reader, PostgresRows.Log));
    }

    public bool Commit(Batch batch) => batch.Deletion is { } deletion ? Commit(batch, deletion) : CommitAtOnce(batch);

    private bool CommitAtOnce(Batch batch)
    {
        using var commands = NewBatch();
        PostgresCommit.Add(commands, Bucket, batch);
        return TryInsertLog(commands, mayHaveWritten: true, State.Free);
    }

    /// <summary>Slice by slice. Until the last packet, what fails is undone with its connection.</summary>
    private bool Commit(Batch batch, RangeDeletion deletion)
    {
        using var beginning = NewBatch();
        PostgresCommit.AddBeginning(beginning, Bucket, batch);

        // Whatever ends this early leaves the transaction to be taken back.
        if (!TryInsertLog(beginning, mayHaveWritten: false, State.Left))
        {
            return false;
        }

        foreach (var (slice, firstSub) in deletion.Numbered())
        {
            deletion.RequireTime();
            using var step = new NpgsqlBatch(connection);
            var inserted = PostgresRangeDeletion.Add(step, Bucket, deletion, slice, firstSub);
            Send(step, mayHaveWritten: false, static _ => true);
            RangeDeletion.Require(slice, inserted.RecordsAffected);
        }

        deletion.RequireTime();
        using var end = new NpgsqlBatch(connection);
        end.Add("COMMIT");
        Write(end);
        return true;
    }

    /// <param name="commands">With the row of the log.</param>
    /// <param name="mayHaveWritten">The end of the transaction is among them.</param>
    /// <param name="behind">The state that they leave.</param>
    /// <returns>False where the row was refused.</returns>
    private bool TryInsertLog(NpgsqlBatch commands, bool mayHaveWritten, State behind)
    {
        try
        {
            commands.ExecuteNonQuery();
            _state = behind;
            return true;
        }
        catch (PostgresException refused) when (PostgresFaults.IsLostRace(refused))
        {
            _state = State.Left;
            return false;
        }
        catch (Exception failure) when (PostgresFaults.IsOne(failure))
        {
            throw Fail(failure, mayHaveWritten);
        }
    }

    public SweepStep Sweep(Revision from, long compactRevision, int max)
    {
        using var batch = NewBatch();
        PostgresSweep.Add(batch, Bucket, from, compactRevision, max);
        return Run(batch, mayHaveWritten: true, PostgresSweep.ReadStep);
    }

    public Swept Swept()
    {
        using var batch = NewBatch();
        PostgresSweep.AddRead(batch, Bucket);
        return Run(batch, mayHaveWritten: false, PostgresSweep.Read);
    }

    /// <remarks>Rows have no gaps, so a number of rows is a distance.</remarks>
    public void TrimLog(long below, int max)
    {
        using var batch = NewBatch();
        batch.Add(
            """
            DELETE FROM raftd_log WHERE bucket = $1 AND seq < LEAST(
              $2, (SELECT max(seq) FROM raftd_log WHERE bucket = $1), (SELECT min(seq) FROM raftd_log WHERE bucket = $1) + $3)
            """)
            .With(Bucket).With(below).With(max);
        Write(batch);
    }

    public void Beat(FrontRow front)
    {
        using var batch = NewBatch();
        batch.Add(
            $"""
            INSERT INTO raftd_fronts ({PostgresRows.FrontColumns}) VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (id) DO UPDATE SET label = excluded.label, http_addr = excluded.http_addr, peer_addr = excluded.peer_addr,
              version = excluded.version, beat = excluded.beat
            """)
            .With(front.Id).WithText(front.Label).WithText(front.HttpAddress).WithText(front.PeerAddress).WithText(front.Version)
            .With(front.Beat);
        Write(batch);
    }

    public IReadOnlyList<FrontRow> Fronts()
    {
        using var batch = NewBatch();
        batch.Add(SelectFronts);
        return Run(batch, mayHaveWritten: false, static reader => PostgresRows.All(reader, PostgresRows.Front));
    }

    public void RemoveFront(ulong id)
    {
        using var batch = NewBatch();
        batch.Add("DELETE FROM raftd_fronts WHERE id = $1").With(id);
        Write(batch);
    }

    public IReadOnlyList<BucketRow> Buckets()
    {
        using var batch = NewBatch();
        PostgresBuckets.AddList(batch);
        return Run(batch, mayHaveWritten: false, static reader => PostgresRows.All(reader, PostgresBuckets.Read));
    }

    public bool AddBucket(BucketRow bucket, LogRow first)
    {
        using var batch = NewBatch();
        PostgresBuckets.AddNew(batch, bucket, first);
        return Run(batch, mayHaveWritten: true, PostgresBuckets.IsNew);
    }

    public bool ClearBucket(long id, int max)
    {
        foreach (var sql in PostgresBuckets.ClearSteps)
        {
            using var step = NewBatch();
            var deletion = step.Add(sql).With(id).With(max);
            Write(step);
            if (deletion.RecordsAffected > 0)
            {
                return true;
            }
        }

        using var end = NewBatch();
        PostgresBuckets.AddCleared(end, id);
        Write(end);
        return false;
    }

    /// <summary>Reads within the snapshot that is open.</summary>
    public T Read<T>(string sql, Func<NpgsqlBatchCommand, NpgsqlBatchCommand> fill, Func<NpgsqlDataReader, T> read)
    {
        Invariant.Check(_state == State.Reading, $"a snapshot was asked while its session was {_state}");
        using var batch = new NpgsqlBatch(connection);
        fill(batch.Add(sql));
        return Send(batch, mayHaveWritten: false, read);
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
                using var batch = NewBatch();
                Write(batch);
            }
        }
        catch (DatabaseException)
        {
            // Nothing was left to be done on a connection that is thrown away now.
        }
        finally
        {
            connection.Dispose();
        }
    }

    private NpgsqlBatch NewBatch()
    {
        Invariant.Check(_state is State.Free or State.Left, $"a session was used while it was {_state}");
        var batch = new NpgsqlBatch(connection);
        if (_state == State.Left)
        {
            batch.Add("ROLLBACK");
        }

        return batch;
    }

    private void Write(NpgsqlBatch batch) => Run(batch, mayHaveWritten: true, static _ => true);

    /// <summary>For commands that leave no transaction open, or one that the caller answers for.</summary>
    private T Run<T>(NpgsqlBatch batch, bool mayHaveWritten, Func<NpgsqlDataReader, T> read)
    {
        var result = Send(batch, mayHaveWritten, read);
        _state = State.Free;
        return result;
    }

    private T Send<T>(NpgsqlBatch batch, bool mayHaveWritten, Func<NpgsqlDataReader, T> read)
    {
        try
        {
            using var reader = batch.ExecuteReader(CommandBehavior.SequentialAccess);
            var result = read(reader);
            while (reader.NextResult())
            {
                // What comes behind has no rows that matter, but may say that something failed.
            }

            return result;
        }
        catch (Exception failure) when (PostgresFaults.IsOne(failure))
        {
            throw Fail(failure, mayHaveWritten);
        }
    }

    private DatabaseException Fail(Exception failure, bool mayHaveWritten)
    {
        _state = State.Failed;
        database.Discard();
        return PostgresFaults.Of(failure, mayHaveWritten, database.Target);
    }
}
