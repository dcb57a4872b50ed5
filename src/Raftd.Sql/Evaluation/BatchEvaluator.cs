// A batch: commands of any number of clients, evaluated one after the other on one moment of the database.
//
// Evaluation is pure: (state behind row M, rows of that moment, commands) to (row M + 1 with all that it changes, answers). It is the
// executor of the embedded engine over the rows that were fetched; nothing here knows a rule of commands or leases. Whoever loses
// the race for row M + 1 throws the evaluation away and makes another one behind the new last row.
//
// Invariants:
//   - All commands of a batch are evaluated in order, each sees what those before it did, and each has a revision of its own.
//   - A row holds either all that its commands changed or is not there. A batch that changes nothing has no row.
//   - The deletion of a range of many keys is a batch of its own: the database does it as a set, and the batch says which (RangeDeletion).
//     Nothing of it depends on the keys but their counts, which are of the same moment.
//   - The chain takes in the row's number, its epoch, each command's mutations and its result, as entries of a log do; and who wrote
//     it, its nonce and its leader. So no two rows of a number have one chain, even where they change the same or nothing.

using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Fronts;
using Raftd.State.Commands;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;
using Raftd.State.Views;

namespace Raftd.Sql.Evaluation;

/// <summary>Evaluates one batch. Used once, by one thread.</summary>
internal sealed class BatchEvaluator
{
    /// <summary>The name of the alarms in `meta`.</summary>
    public const string AlarmsName = "alarms";

    // Versions of one batch: between commands it ends behind this many.
    private const int FullVersions = 8192;
    private const int SliceKeys = 4096;

    private readonly FrontState _before;
    private readonly BatchKeyspace _keyspace;
    private readonly BatchLeases _leases;
    private readonly WorkingState _working;
    private readonly CommandExecutor _executor;
    private readonly SetDeletions _sets;
    private readonly ulong _epoch;
    private ulong _commands;

    /// <param name="before">Behind the last row.</param>
    /// <param name="rows">Of the moment of that row.</param>
    /// <param name="epoch">Of the new row.</param>
    /// <param name="sets">Which deletions the database does by itself.</param>
    public BatchEvaluator(FrontState before, IKeyRows rows, ulong epoch, SetDeletions sets)
    {
        _before = before;
        _sets = sets;
        _epoch = epoch;
        var hash = new StateHash(before.Last.Chain);
        hash.Add((ulong)before.Last.Seq + 1, epoch);
        _keyspace = new BatchKeyspace(rows, before.Last, hash, sets);
        _leases = new BatchLeases(new LeaseTable(hash, _keyspace.Count, before.Leases));
        _working = new WorkingState(_keyspace, _leases, hash, new AppliedState(0, 0, hash.Value))
        {
            Alarms = before.Alarms,
            FeatureLevel = FeatureLevel.Newest,
        };
        _executor = new CommandExecutor(_working, FeatureLevel.Newest, SliceKeys);
    }

    /// <summary>As many as belong into one transaction: the next command waits for the next batch.</summary>
    public bool IsFull => _keyspace.Versions.Count >= FullVersions || _keyspace.Deletion is not null;

    /// <summary>The commands so far have changed something.</summary>
    public bool HasChanged =>
        _keyspace.Versions.Count > 0 || _keyspace.Deletion is not null || _leases.Steps.Count > 0 || _working.LeaseChanges.Count > 0
        || !ReferenceEquals(_working.Alarms, _before.Alarms) || _keyspace.CompactRevision != _before.Last.CompactRevision;

    /// <summary>Whether a command has to wait for the next batch, because the database is to delete its range by itself.</summary>
    /// <param name="deleted">The range that it deletes without more.</param>
    public bool MustWait(KeyRange? deleted) => _commands > 0 && deleted is { } range && _sets.TakesOver(_keyspace, range);

    /// <summary>The next command. Refusals are results too.</summary>
    /// <exception cref="StoreException">TooLarge: it would change more keys than one transaction may. The evaluation is of no use
    /// any more.</exception>
    public CommandResult Apply(ReadOnlyMemory<byte> command)
    {
        var result = _executor.Apply(++_commands, _epoch, command);
        while (result is null)
        {
            RequireRoom();
            result = _executor.ApplySlice();
        }

        RequireRoom();
        return result;
    }

    /// <summary>What a client's write would leave in the state once all history is compacted: what the quota bounds.</summary>
    public long LiveGrowth(ReadOnlyMemory<byte> command) =>
        State.Commands.LiveGrowth.Of(_keyspace, _leases.Find, command);

    public long LiveBytes => _keyspace.LogicalBytes - _keyspace.HistoryBytes;

    /// <summary>Ends the evaluation.</summary>
    /// <param name="front">That commits it.</param>
    /// <param name="leader">Of the epoch.</param>
    /// <param name="nonce">Drawn for it.</param>
    public EvaluatedBatch End(ulong front, ulong leader, ulong nonce)
    {
        var alarms = ReferenceEquals(_working.Alarms, _before.Alarms) ? null : _working.Alarms;
        _working.Hash.Add(front, leader);
        _working.Hash.Add(nonce, 0UL);

        // What a set has changed of leases each front finds by itself, and the set is alone.
        var deltas = new RowDeltas(_leases.Steps, _keyspace.Deletion is null ? _working.LeaseChanges : [], alarms);
        var row = new LogRow
        {
            Seq = _before.Last.Seq + 1,
            Epoch = _epoch,
            Leader = leader,
            Front = front,
            Nonce = nonce,
            Revision = _keyspace.Revision,
            CompactRevision = _keyspace.CompactRevision,
            KeyCount = _keyspace.KeyCount,
            LogicalBytes = _keyspace.LogicalBytes,
            HistoryBytes = _keyspace.HistoryBytes,
            Chain = _working.Hash.Value,
            Deltas = deltas.Encode(),
        };
        var batch = new Batch
        {
            Before = _before.Last,
            Row = row,
            Versions = _keyspace.Versions,
            Keys = [.. _keyspace.Changes],
            Deletion = _keyspace.Deletion is { } deletion ? deletion with { HasLeases = _leases.Steps.Count > 0 } : null,
            Leases = _leases.Rows(),
            LeaseKeys = _leases.KeyRows(),
            Meta = alarms is null ? [] : [new MetaChange(AlarmsName, RowDeltas.EncodeAlarms(alarms))],
        };
        return new EvaluatedBatch(
            batch,
            new FrontState(row, _leases.Freeze(), _working.Alarms),
            new PublishedChanges([.. _keyspace.Versions.Select(static version => version.Record)], _working.LeaseChanges));
    }

    private void RequireRoom()
    {
        if (_keyspace.Versions.Count > SqlLimits.MaxChangedKeys)
        {
            throw new StoreException(
                ErrorCode.TooLarge,
                $"one request may change {SqlLimits.MaxChangedKeys} keys at most on this engine; nothing was changed",
                "delete a range by a request of its own, without the versions before; end the keys of a lease before the lease");
        }
    }
}

/// <summary>What a batch comes to, if it is committed.</summary>
/// <param name="Batch">For the database.</param>
/// <param name="State">Behind it.</param>
/// <param name="Changes">For those who watch.</param>
internal sealed record EvaluatedBatch(Batch Batch, FrontState State, PublishedChanges Changes);
