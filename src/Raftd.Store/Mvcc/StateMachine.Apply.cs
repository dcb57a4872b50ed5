using Raftd.Contract;
using Raftd.Store.Buckets;
using Raftd.Store.Commands;

namespace Raftd.Store.Mvcc;

public sealed partial class StateMachine
{
    /// <summary>Executes a command of the log. Nobody sees its effect before Publish.</summary>
    /// <param name="index">Exactly one above the entry before.</param>
    /// <param name="term">The entry's Raft term.</param>
    /// <param name="command">Made by CommandFactory; read during the call only.</param>
    /// <returns>What to answer, once published; refusals are results too.</returns>
    public CommandResult Apply(ulong index, ulong term, ReadOnlyMemory<byte> command)
    {
        Begin(index, term);
        // Whoever proposes has decoded it. A member that cannot read what the others execute must not go on.
        Invariant.Check(
            CommandCodec.TryDecode(command, out var decoded),
            $"entry {index}: a command of {command.Length} bytes cannot be read: another version's?");
        var result = Execute(decoded, term);
        End(index, term, result);
        return result;
    }

    /// <summary>Applies an entry that says nothing: the first of a term.</summary>
    public CommandResult ApplyEmpty(ulong index, ulong term)
    {
        Begin(index, term);
        var result = new DoneResult(_state.Keyspace.Revision);
        End(index, term, result);
        return result;
    }

    /// <summary>Keeps the configuration of the group with the state it belongs to. Its meaning is Raft's.</summary>
    public CommandResult ApplyConfiguration(ulong index, ulong term, ReadOnlyMemory<byte> configuration)
    {
        Begin(index, term);
        Failpoint.Hit("member.apply");
        _state.Configuration = configuration.ToArray();
        _state.ConfigurationIndex = index;
        _state.Hash.Add(_state.Configuration);
        var result = new DoneResult(_state.Keyspace.Revision);
        End(index, term, result);
        return result;
    }

    private void Begin(ulong index, ulong term)
    {
        var applied = _state.Applied;
        Invariant.Check(index == applied.Index + 1, $"entry {index} after {applied.Index}");
        Invariant.Check(term >= applied.Term, $"entry {index} of term {term} after term {applied.Term}");
        _state.Hash.Add(index, term);
    }

    private void End(ulong index, ulong term, CommandResult result)
    {
        _state.Keyspace.Close();
        _resultWriter.Reset();
        CommandResultCodec.Write(_resultWriter, result);
        _state.Hash.Add(_resultWriter.Written);
        _state.Applied = new AppliedState(index, term, _state.Hash.Value);
        _hashes.Set(index, _state.Hash.Value);
        _state.Keyspace.CleanIndex(CleanedKeysPerEntry);
    }

    private CommandResult Execute(Command command, ulong term) => command switch
    {
        PutCommand put => Put(put),
        DeleteRangeCommand delete => DeleteRange(delete),
        LeaseGrantCommand grant => LeaseGrant(grant),
        LeaseKeepAliveCommand keepAlive => LeaseKeepAlive(keepAlive),
        LeaseRevokeCommand revoke => LeaseRevoke(revoke),
        LeaseExpireCommand expire => LeaseExpire(expire, term),
        LeaseCheckpointCommand checkpoint => LeaseCheckpoint(checkpoint, term),
        CompactCommand compact => Compact(compact),
        AlarmCommand alarm => SetAlarm(alarm),
        _ => throw new InvariantViolationException($"no execution for {command.GetType().Name}"),
    };

    private CommandResult Put(PutCommand put)
    {
        var keyspace = _state.Keyspace;
        if (Refuse(put.Key, put.Value) is { } refusal)
        {
            return refusal;
        }

        var live = keyspace.FindLive(put.Key.Span);
        if (!Holds(put.Condition, live))
        {
            return new PutResult(keyspace.Revision, Succeeded: false, put.ReturnPrevious ? ToKeyValue(live) : null);
        }

        if (RefuseLease(put) is { } leaseRefusal)
        {
            return leaseRefusal;
        }

        var previous = put.ReturnPrevious ? ToKeyValue(live) : null;
        if (put.HiddenLease != 0)
        {
            AddHiddenLease(put.HiddenLease, put.HiddenTtlSeconds);
        }

        var lease = put.HiddenLease != 0 ? put.HiddenLease : put.Lease;
        SetKey(put.Key.ToArray(), put.Value.ToArray(), lease, KeyFlags.None);
        return new PutResult(keyspace.Revision, Succeeded: true, previous);
    }

    private DeleteRangeResult DeleteRange(DeleteRangeCommand delete)
    {
        var keyspace = _state.Keyspace;
        if (!Holds(delete.Condition, keyspace.FindLive(delete.Key.Span)))
        {
            return new DeleteRangeResult(keyspace.Revision, Succeeded: false, Deleted: 0);
        }

        // Collected first: deleting changes the tree that the scan walks.
        var doomed = new List<KeyRecord>();
        var range = new KeyRange(delete.Key, delete.RangeEnd);
        var scan = keyspace.Index.Working.From(new BytesProbe(range.Low.Span));
        while (scan.MoveNext() && range.IsBeforeEnd(scan.Key))
        {
            if (!scan.Item.IsTombstone)
            {
                doomed.Add(scan.Item);
            }
        }

        foreach (var key in doomed)
        {
            DeleteKey(key);
        }

        return new DeleteRangeResult(keyspace.Revision, Succeeded: true, doomed.Count);
    }

    /// <summary>etcd's bounds: a compaction moves forward and never past the newest revision.</summary>
    private CommandResult Compact(CompactCommand compact)
    {
        var keyspace = _state.Keyspace;
        if (compact.Revision <= keyspace.CompactRevision)
        {
            return Error(
                ApplyError.Compacted,
                $"revision {compact.Revision} has been compacted: the oldest readable is {keyspace.CompactRevision}");
        }

        if (compact.Revision > keyspace.Revision)
        {
            return Error(
                ApplyError.FutureRevision,
                $"revision {compact.Revision} is in the future: the newest is {keyspace.Revision}");
        }

        Failpoint.Hit("compact.apply");
        keyspace.Compact(compact.Revision);
        _state.Hash.Add(compact.Revision, keyspace.LogicalBytes);
        return new CompactResult(keyspace.Revision, compact.Revision);
    }

    private DoneResult SetAlarm(AlarmCommand command)
    {
        var alarm = new Alarm(command.Kind, command.MemberId);
        var alarms = new List<Alarm>(_state.Alarms);
        alarms.Remove(alarm);
        if (command.Raise)
        {
            alarms.Add(alarm);
            alarms.Sort((a, b) => a.Kind != b.Kind ? a.Kind.CompareTo(b.Kind) : a.MemberId.CompareTo(b.MemberId));
        }

        _state.Alarms = [.. alarms];
        _state.HasNoSpaceAlarm = alarms.Exists(raised => raised.Kind == AlarmKind.NoSpace);
        _state.Hash.Add(((ulong)alarm.Kind << 1) | (command.Raise ? 1UL : 0), alarm.MemberId);
        return new DoneResult(_state.Keyspace.Revision);
    }

    /// <summary>The reasons for which no put of this key and value can be executed now.</summary>
    private ErrorResult? Refuse(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value)
    {
        if (key.IsEmpty)
        {
            return Error(ApplyError.BadRequest, "a key has at least one byte");
        }

        if (!RevisionRecord.Fits(key.Length, value.Length))
        {
            return Error(
                ApplyError.TooLarge,
                $"key and value have {(long)key.Length + value.Length} bytes, a record holds {BucketLimits.MaxValueBytes}");
        }

        return _state.HasNoSpaceAlarm ? Error(ApplyError.NoSpace, "the NOSPACE alarm stands") : null;
    }

    private static bool Holds(Precondition? condition, KeyRecord? live)
    {
        if (condition is null)
        {
            return true;
        }

        if ((condition.MustExist && live is null) || (condition.MustNotExist && live is not null))
        {
            return false;
        }

        return condition.ModRevisions is null || (live is not null && condition.ModRevisions.Contains(live.Revision.Main));
    }

    private KeyValue? ToKeyValue(KeyRecord? live) => live is null ? null : new KeyValue
    {
        Key = live.Key,
        Value = _state.Keyspace.ValueOf(live),
        CreateRevision = live.CreateRevision,
        ModRevision = live.Revision.Main,
        Version = live.Version,
        Lease = live.Lease,
    };

    private ErrorResult Error(ApplyError error, string message) => new(_state.Keyspace.Revision, error, message);
}
