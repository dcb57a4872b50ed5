// Sets a key.
//
//   command: flags, key, value [lease, max keys] [hidden id, ttl s] [condition]
//   result:  flags [key value]; key value: key, value, create revision, mod revision, version, lease

using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;
using Raftd.State.Views;
using Raftd.State.Wire;

namespace Raftd.State.Commands;

/// <summary>Sets a key. Lease is the one to attach, 0 for none; HiddenLease the id of the lease that this put makes for
/// its key, with HiddenTtlSeconds to live, 0 for none. Not both.</summary>
public sealed record PutCommand(
    ReadOnlyMemory<byte> Key,
    ReadOnlyMemory<byte> Value,
    long Lease,
    long HiddenLease,
    long HiddenTtlSeconds,
    bool ReturnPrevious,
    Precondition? Condition) : Command
{
    internal static readonly CommandForm Form = new(CommandTag.Put, Read)
    {
        MaxGrowth = static command => command.Length + RevisionRecord.OverheadBytes + LeaseRecord.OverheadBytes,
    };

    [Flags]
    private enum PutFlags : byte
    {
        None = 0,
        ReturnPrevious = 1,
        Lease = 2,
        HiddenLease = 4,
        Condition = 8,
        All = ReturnPrevious | Lease | HiddenLease | Condition,
    }

    /// <summary>With a lease to attach: the most keys that it may have then.</summary>
    public long MaxLeaseKeys { get; init; }

    internal override CommandTag Tag => CommandTag.Put;

    internal override int SizeHint => Key.Length + Value.Length + 64;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Byte((byte)(
            (ReturnPrevious ? PutFlags.ReturnPrevious : 0)
            | (Lease != 0 ? PutFlags.Lease : 0)
            | (HiddenLease != 0 ? PutFlags.HiddenLease : 0)
            | (Condition is not null ? PutFlags.Condition : 0)));
        writer.Bytes(Key.Span);
        writer.Bytes(Value.Span);
        if (Lease != 0)
        {
            writer.Number(Lease);
            writer.Number(MaxLeaseKeys);
        }

        if (HiddenLease != 0)
        {
            writer.Number(HiddenLease);
            writer.Number(HiddenTtlSeconds);
        }

        Condition?.WriteTo(writer);
    }

    internal override ILiveKey? Overwrites(IStateView view) => view.FindLive(Key.Span);

    internal override CommandResult? Check(WorkingState state)
    {
        if (state.RefusePut(Key, Value) is { } refusal)
        {
            return refusal;
        }

        if (Condition is not null && !Condition.Holds(state.Keyspace.FindLive(Key.Span)))
        {
            return new PutResult(state.Keyspace.Revision, Succeeded: false, PreviousOf(state));
        }

        if (Lease == 0)
        {
            return HiddenLease == 0 ? null : state.RefuseGrant(HiddenLease, HiddenTtlSeconds);
        }

        // A hidden lease belongs to its one key.
        return state.Leases.Find(Lease) is { Hidden: false }
            ? state.RefuseLeaseKey(Lease, Key.Span, MaxLeaseKeys)
            : state.RefuseLease(Lease);
    }

    internal override CommandResult Execute(WorkingState state)
    {
        var previous = PreviousOf(state);
        if (HiddenLease != 0)
        {
            state.LeaseApplier.Add(LeaseRecord.HiddenOf(HiddenLease, HiddenTtlSeconds));
        }

        var lease = HiddenLease != 0 ? HiddenLease : Lease;
        state.LeaseApplier.SetKey(Key.ToArray(), Value.ToArray(), lease, KeyFlags.None);
        return new PutResult(state.Keyspace.Revision, Succeeded: true, previous);
    }

    private static PutCommand Read(ref WireReader reader)
    {
        var flags = (PutFlags)reader.Flags((byte)PutFlags.All);
        var key = reader.Bytes();
        var value = reader.Bytes();
        var lease = flags.HasFlag(PutFlags.Lease) ? reader.Number() : 0;
        var maxLeaseKeys = flags.HasFlag(PutFlags.Lease) ? reader.Number() : 0;
        var hidden = flags.HasFlag(PutFlags.HiddenLease) ? reader.Number() : 0;
        var ttl = flags.HasFlag(PutFlags.HiddenLease) ? reader.Number() : 0;
        var condition = flags.HasFlag(PutFlags.Condition) ? Conditions.Read(ref reader) : null;
        if (flags.HasFlag(PutFlags.Lease | PutFlags.HiddenLease))
        {
            reader.Refuse();
        }

        return new PutCommand(key, value, lease, hidden, ttl, flags.HasFlag(PutFlags.ReturnPrevious), condition)
        {
            MaxLeaseKeys = maxLeaseKeys,
        };
    }

    private KeyValue? PreviousOf(WorkingState state) =>
        !ReturnPrevious || state.Keyspace.FindLive(Key.Span) is not { } live ? null : new KeyValue
        {
            Key = live.Key,
            Value = state.Keyspace.ValueOf(live),
            CreateRevision = live.CreateRevision,
            ModRevision = live.Revision.Main,
            Version = live.Version,
            Lease = live.Lease,
        };
}

/// <param name="Revision">The revision of the put, or the store's where the condition failed.</param>
/// <param name="Succeeded">False when the condition failed.</param>
/// <param name="Previous">The version replaced, if it was asked for and there was one.</param>
public sealed record PutResult(long Revision, bool Succeeded, KeyValue? Previous) : CommandResult(Revision)
{
    [Flags]
    private enum ResultFlags : byte
    {
        None = 0,
        Succeeded = 1,
        Previous = 2,
        All = Succeeded | Previous,
    }

    internal override ResultTag Tag => ResultTag.Put;

    internal override int SizeHint => 64 + (Previous is null ? 0 : Previous.Key.Length + Previous.Value.Length);

    internal override void WriteBody(WireWriter writer)
    {
        writer.Byte((byte)((Succeeded ? ResultFlags.Succeeded : 0) | (Previous is null ? 0 : ResultFlags.Previous)));
        if (Previous is { } previous)
        {
            writer.Bytes(previous.Key.Span);
            writer.Bytes(previous.Value.Span);
            writer.Number(previous.CreateRevision);
            writer.Number(previous.ModRevision);
            writer.Number(previous.Version);
            writer.Number(previous.Lease);
        }
    }

    internal static PutResult Read(ref WireReader reader, long revision)
    {
        var flags = (ResultFlags)reader.Flags((byte)ResultFlags.All);
        var previous = !flags.HasFlag(ResultFlags.Previous) ? null : new KeyValue
        {
            Key = reader.Bytes(),
            Value = reader.Bytes(),
            CreateRevision = reader.Number(),
            ModRevision = reader.Number(),
            Version = reader.Number(),
            Lease = reader.Number(),
        };
        return new PutResult(revision, flags.HasFlag(ResultFlags.Succeeded), previous);
    }
}
