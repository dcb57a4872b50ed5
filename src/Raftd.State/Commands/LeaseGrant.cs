// Makes a lease.
//
//   command: flags, id, name, ttl s, kind (1 byte)
//   result:  id, ttl s

using Raftd.Contract;
using Raftd.State.Leases;
using Raftd.State.Wire;

namespace Raftd.State.Commands;

public sealed record LeaseGrantCommand(
    long Id, ReadOnlyMemory<byte> Name, long TtlSeconds, bool Unique, LeaseKind Kind) : Command
{
    internal static readonly CommandForm Form = new(CommandTag.LeaseGrant, Read)
    {
        MaxGrowth = static command => command.Length + LeaseRecord.OverheadBytes,
    };

    private const byte UniqueFlag = 1;

    internal override CommandTag Tag => CommandTag.LeaseGrant;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Byte(Unique ? UniqueFlag : (byte)0);
        writer.Number(Id);
        writer.Bytes(Name.Span);
        writer.Number(TtlSeconds);
        writer.Byte((byte)Kind);
    }

    internal override CommandResult? Check(WorkingState state) =>
        state.RefuseGrant(Id, TtlSeconds)
        ?? state.RefuseForAlarm()
        ?? (Unique && state.Leases.IsNameTaken(Name.Span) ? state.Refuse(ApplyError.NameTaken) : null);

    internal override CommandResult Execute(WorkingState state)
    {
        state.LeaseApplier.Add(new LeaseRecord
        {
            Id = Id,
            Name = Name.ToArray(),
            TtlSeconds = TtlSeconds,
            Kind = Kind,
            Status = LeaseStatus.Create,
            Hidden = false,
            Generation = 1,
        });
        return new LeaseGrantResult(state.Keyspace.Revision, Id, TtlSeconds);
    }

    private static LeaseGrantCommand Read(ref WireReader reader)
    {
        var flags = reader.Flags(UniqueFlag);
        var id = reader.Number();
        var name = reader.Bytes();
        var ttl = reader.Number();
        var kind = reader.Byte();
        if (kind > (byte)LeaseKind.Etcd)
        {
            reader.Refuse();
        }

        return new LeaseGrantCommand(id, name, ttl, flags == UniqueFlag, (LeaseKind)kind);
    }
}

public sealed record LeaseGrantResult(long Revision, long Id, long TtlSeconds) : CommandResult(Revision)
{
    internal override ResultTag Tag => ResultTag.LeaseGrant;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Number(Id);
        writer.Number(TtlSeconds);
    }

    internal static LeaseGrantResult Read(ref WireReader reader, long revision) =>
        new(revision, reader.Number(), reader.Number());
}
