// Appends to a key's value: a command that only these tests have, made as docs/architecture.md ("How to add a command") says.
//
//   command: key, tail
//   result:  done

using Raftd.State.Commands;
using Raftd.State.Keyspaces;
using Raftd.State.Wire;

namespace Raftd.Node.Tests;

public sealed record AppendCommand(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Tail) : Command
{
    internal static readonly CommandForm Form = new((CommandTag)250, Read)
    {
        MaxGrowth = static command => command.Length + RevisionRecord.OverheadBytes,
    };

    internal override CommandTag Tag => Form.Tag;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Bytes(Key.Span);
        writer.Bytes(Tail.Span);
    }

    internal override CommandResult? Check(WorkingState state) => state.RefusePut(Key, Appended(state));

    internal override CommandResult Execute(WorkingState state)
    {
        var lease = state.Keyspace.FindLive(Key.Span)?.Lease ?? 0;
        state.LeaseApplier.SetKey(Key.ToArray(), Appended(state), lease, KeyFlags.None);
        return new DoneResult(state.Keyspace.Revision);
    }

    private byte[] Appended(WorkingState state) => state.Keyspace.FindLive(Key.Span) is { } live
        ? [.. state.Keyspace.ValueOf(live), .. Tail.Span]
        : Tail.ToArray();

    private static AppendCommand Read(ref WireReader reader) => new(reader.Bytes(), reader.Bytes());
}
