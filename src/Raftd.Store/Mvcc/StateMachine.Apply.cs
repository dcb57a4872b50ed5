using Raftd.Contract;
using Raftd.Store.Buckets;
using Raftd.Store.Commands;

namespace Raftd.Store.Mvcc;

public sealed partial class StateMachine
{
    /// <summary>Executes a command of the log. Its effect shows with the next Publish.</summary>
    /// <param name="index">Exactly one above the entry before.</param>
    /// <param name="term">The entry's Raft term.</param>
    /// <param name="command">Made by CommandFactory; unchanged until the entry has a result.</param>
    /// <returns>What to answer, once published; refusals are results too. Null for an entry that takes several slices,
    /// of which none has been done: publish what was applied before it, then call ApplySlice until that answers.</returns>
    /// <exception cref="NewerLevelException">Nothing was changed: this build does not know what the others execute.</exception>
    public CommandResult? Apply(ulong index, ulong term, ReadOnlyMemory<byte> command)
    {
        var decoded = Decode(index, command);
        Begin(index, term);
        return Deletion(decoded, term) is { } deletion
            ? ApplyDeletion(index, term, decoded, deletion)
            : End(index, term, Execute(decoded, term));
    }

    /// <summary>Applies an entry that says nothing: the first of a term.</summary>
    public CommandResult ApplyEmpty(ulong index, ulong term)
    {
        Begin(index, term);
        return End(index, term, new DoneResult(_state.Keyspace.Revision));
    }

    /// <summary>Keeps the configuration of the group with the state it belongs to. Its meaning is Raft's.</summary>
    public CommandResult ApplyConfiguration(ulong index, ulong term, ReadOnlyMemory<byte> configuration)
    {
        Begin(index, term);
        Failpoint.Hit("member.apply");
        _state.Configuration = configuration.ToArray();
        _state.ConfigurationIndex = index;
        _state.Hash.Add(_state.Configuration);
        return End(index, term, new DoneResult(_state.Keyspace.Revision));
    }

    /// <summary>Before anything is changed: a member that cannot read what the others execute must not go on.</summary>
    private Command Decode(ulong index, ReadOnlyMemory<byte> command)
    {
        NewerLevelException.ThrowIfNewer($"entry {index}", CommandCodec.LevelOf(command.Span), KnownLevel);

        // The proposer has decoded it.
        Invariant.Check(
            CommandCodec.TryDecode(command, out var decoded), $"entry {index}: a command of {command.Length} bytes cannot be read");
        if (decoded is RaiseLevelCommand raise)
        {
            NewerLevelException.ThrowIfNewer($"what follows entry {index}", raise.Level, KnownLevel);
        }

        return decoded;
    }

    private void Begin(ulong index, ulong term)
    {
        var applied = _state.Applied;
        Invariant.Check(_long is null, $"entry {index} while entry {_long?.Index} has slices left");
        Invariant.Check(index == applied.Index + 1, $"entry {index} after {applied.Index}");
        Invariant.Check(term >= applied.Term, $"entry {index} of term {term} after term {applied.Term}");
        _state.Hash.Add(index, term);
    }

    private CommandResult End(ulong index, ulong term, CommandResult result)
    {
        _state.Keyspace.Close();
        _resultWriter.Reset();
        CommandResultCodec.Write(_resultWriter, result);
        _state.Hash.Add(_resultWriter.Written);
        _state.Applied = new AppliedState(index, term, _state.Hash.Value);
        _hashes.Set(index, _state.Hash.Value);
        _state.Keyspace.CleanIndex(CleanedKeysPerEntry);
        return result;
    }

    private CommandResult Execute(Command command, ulong term) => command switch
    {
        PutCommand put => Put(put),
        LeaseGrantCommand grant => LeaseGrant(grant),
        LeaseKeepAliveCommand keepAlive => LeaseKeepAlive(keepAlive),
        LeaseCheckpointCommand checkpoint => LeaseCheckpoint(checkpoint, term),
        CompactCommand compact => Compact(compact),
        AlarmCommand alarm => SetAlarm(alarm),
        RaiseLevelCommand raise => RaiseLevel(raise),
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

    private DoneResult SetAlarm(AlarmCommand command)
    {
        var alarm = command.Alarm;
        var alarms = new List<Alarm>(_state.Alarms);
        alarms.Remove(alarm);
        if (command.Raise)
        {
            alarms.Add(alarm);
            alarms.Sort();
        }

        _state.Alarms = [.. alarms];
        _state.Hash.Add(
            ((ulong)alarm.Cause << 16) | ((ulong)alarm.Kind << 1) | (command.Raise ? 1UL : 0), alarm.MemberId);
        return new DoneResult(_state.Keyspace.Revision);
    }

    /// <summary>The level rises for the members that were asked and for no others: a configuration that got into the log first
    /// may have brought one that knows less.</summary>
    internal static (ApplyError Error, long Subject, long Bound)? RefuseRaise(
        RaiseLevelCommand raise, int level, ulong configurationIndex)
    {
        if (raise.Level <= level)
        {
            return (ApplyError.LevelNotAbove, raise.Level, level);
        }

        return raise.ConfigurationIndex == configurationIndex
            ? null
            : (ApplyError.MembersChanged, (long)raise.ConfigurationIndex, (long)configurationIndex);
    }

    private CommandResult RaiseLevel(RaiseLevelCommand raise)
    {
        if (RefuseRaise(raise, _state.FeatureLevel, _state.ConfigurationIndex) is { } refused)
        {
            return Error(refused.Error, refused.Subject, refused.Bound);
        }

        _state.FeatureLevel = raise.Level;
        _state.Hash.Add((ulong)raise.Level, raise.ConfigurationIndex);
        return new DoneResult(_state.Keyspace.Revision);
    }

    /// <summary>The reasons for which no put of this key and value can be executed now.</summary>
    private ErrorResult? Refuse(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value)
    {
        if (key.IsEmpty)
        {
            return Error(ApplyError.EmptyKey);
        }

        if (!RevisionRecord.Fits(key.Length, value.Length))
        {
            return Error(ApplyError.TooLarge, (long)key.Length + value.Length, BucketLimits.MaxValueBytes);
        }

        return RefuseForAlarm();
    }

    private ErrorResult? RefuseForAlarm() => _state.RefusesWrites
        ? Error(ApplyError.NoSpace, (long)Array.Find(_state.Alarms, static alarm => alarm.RefusesWrites).MemberId)
        : null;

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

    private ErrorResult Error(ApplyError error, long subject = 0, long bound = 0) =>
        new(_state.Keyspace.Revision, error, subject, bound);
}
