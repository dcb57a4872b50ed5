// Sets a key.
//
//   command: flags, key, value [lease, max keys] [hidden id, ttl s] [condition]
//   result:  flags [version before, as in KeyValueCodec]

using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;
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
        MaxGrowth = GrowthOf,
    };

    /// <summary>Of the flags, behind layout and tag.</summary>
    private const int FlagsAt = 2;

    [Flags]
    private enum PutFlags : byte
    {
        None = 0,
        ReturnPrevious = 1,
        Lease = 2,
        HiddenLease = 4,
        Condition = 8,
        KeepValue = 16,
        KeepLease = 32,
        All = ReturnPrevious | Lease | HiddenLease | Condition | KeepValue | KeepLease,
    }

    /// <summary>With a lease to attach: the most keys that it may have then.</summary>
    public long MaxLeaseKeys { get; init; }

    /// <summary>The key keeps its value, and Value is empty.</summary>
    public bool KeepValue { get; init; }

    /// <summary>The key keeps its lease, and Lease is 0.</summary>
    public bool KeepLease { get; init; }

    internal override CommandTag Tag => CommandTag.Put;

    internal override int NeededLevel => KeepValue || KeepLease ? FeatureLevel.Transactions : FeatureLevel.First;

    internal override int SizeHint => Key.Length + Value.Length + 64;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Byte((byte)(
            (ReturnPrevious ? PutFlags.ReturnPrevious : 0)
            | (Lease != 0 ? PutFlags.Lease : 0)
            | (HiddenLease != 0 ? PutFlags.HiddenLease : 0)
            | (Condition is not null ? PutFlags.Condition : 0)
            | (KeepValue ? PutFlags.KeepValue : 0)
            | (KeepLease ? PutFlags.KeepLease : 0)));
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

    internal override long LiveGrowth(IKeyReads keys, Func<long, LeaseRecord?> findLease, long maxGrowth) =>
        LiveGrowth(keys, Key.Span, KeepValue, maxGrowth);

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

        return RefuseLease(state)
            ?? ((KeepValue || KeepLease) && state.Keyspace.FindLive(Key.Span) is null ? state.Refuse(ApplyError.NothingToKeep) : null);
    }

    internal override CommandResult Execute(WorkingState state)
    {
        var previous = PreviousOf(state);
        if (HiddenLease != 0)
        {
            state.LeaseApplier.Add(LeaseRecord.HiddenOf(HiddenLease, HiddenTtlSeconds));
        }

        var former = KeepValue || KeepLease ? state.Keyspace.FindLive(Key.Span) : null;
        var value = KeepValue && former is not null ? state.Keyspace.ValueOf(former) : Value.ToArray();
        if (KeepLease && former is not null)
        {
            // A key that has a deadline of its own keeps that too; like any put of it, this one renews it.
            var flags = former.HasOwnDeadline ? KeyFlags.OwnDeadline : KeyFlags.None;
            state.LeaseApplier.SetKey(Key.ToArray(), value, former.Lease, flags);
        }
        else
        {
            state.LeaseApplier.SetKey(Key.ToArray(), value, HiddenLease != 0 ? HiddenLease : Lease, KeyFlags.None);
        }

        return new PutResult(state.Keyspace.Revision, Succeeded: true, previous);
    }

    /// <summary>A put within a transaction, which has asked before whether it can be done.</summary>
    internal static PutResult Put(PutRequest put, WorkingState state) => (PutResult)new PutCommand(
        put.Key, put.Value, put.Lease, HiddenLease: 0, HiddenTtlSeconds: 0, put.ReturnPrevious, Condition: null)
    {
        KeepValue = put.KeepValue,
        KeepLease = put.KeepLease,
    }.Execute(state);

    internal static long LiveGrowth(IKeyReads keys, ReadOnlySpan<byte> key, bool keepsValue, long maxGrowth) =>
        keepsValue ? 0 : maxGrowth - (keys.FindLive(key)?.LogicalBytes ?? 0);

    /// <summary>A value that is kept has a version more, and its size is not in the command.</summary>
    private static long GrowthOf(ReadOnlySpan<byte> command) =>
        command.Length + RevisionRecord.OverheadBytes + LeaseRecord.OverheadBytes
        + (((PutFlags)command[FlagsAt]).HasFlag(PutFlags.KeepValue) ? RevisionRecord.MaxBytes : 0);

    private ErrorResult? RefuseLease(WorkingState state) =>
        Lease != 0 ? state.RefuseAttach(Lease, Key.Span, MaxLeaseKeys)
        : HiddenLease != 0 ? state.RefuseGrant(HiddenLease, HiddenTtlSeconds)
        : null;

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
            KeepValue = flags.HasFlag(PutFlags.KeepValue),
            KeepLease = flags.HasFlag(PutFlags.KeepLease),
        };
    }

    private KeyValue? PreviousOf(WorkingState state) =>
        ReturnPrevious && state.Keyspace.FindLive(Key.Span) is { } live ? state.Keyspace.Describe(live) : null;
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
            KeyValueCodec.Write(writer, previous);
        }
    }

    internal static PutResult Read(ref WireReader reader, long revision)
    {
        var flags = (ResultFlags)reader.Flags((byte)ResultFlags.All);
        var previous = flags.HasFlag(ResultFlags.Previous) ? KeyValueCodec.Read(ref reader) : null;
        return new PutResult(revision, flags.HasFlag(ResultFlags.Succeeded), previous);
    }
}
