using System.Buffers.Binary;
using System.Numerics;

namespace Raftd.State.Keyspaces;

/// <summary>The chain of hashes over everything applied.</summary>
/// <remarks>
/// <para>
/// hash(i) = H(hash(i-1), i, term of entry i, its mutations in order, its encoded result). Each member computes it for
/// itself, and members that differ at one index have diverged there or before. It guards against faults, not against
/// an attacker who chooses inputs to collide.
/// </para>
/// <para>
/// One step takes 16 bytes (a, b): state = fold((state ^ a ^ K1) * (b ^ K2)) + rotate(state, 23), where fold adds the
/// high half of the 128-bit product to its low half by exclusive or, as wyhash does; the rotated state added behind it
/// keeps what came before even where the product is zero. Byte strings go in with their length first, 16 bytes at a
/// time, the rest padded with zeros. The constants are part of the replicated state.
/// </para>
/// </remarks>
public sealed class StateHash(ulong value)
{
    private const ulong K1 = 0x9E37_79B9_7F4A_7C15;
    private const ulong K2 = 0xD1B5_4A32_D192_ED03;

    public ulong Value { get; private set; } = value;

    public void Add(ulong a, ulong b) => Value = Step(Value, a, b);

    public void Add(long a, long b) => Value = Step(Value, (ulong)a, (ulong)b);

    public void Add(ReadOnlySpan<byte> bytes)
    {
        var state = Step(Value, (ulong)bytes.Length, 0);
        while (bytes.Length >= 16)
        {
            var a = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            var b = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
            state = Step(state, a, b);
            bytes = bytes[16..];
        }

        if (!bytes.IsEmpty)
        {
            Span<byte> rest = stackalloc byte[16];
            rest.Clear();
            bytes.CopyTo(rest);
            var a = BinaryPrimitives.ReadUInt64LittleEndian(rest);
            var b = BinaryPrimitives.ReadUInt64LittleEndian(rest[8..]);
            state = Step(state, a, b);
        }

        Value = state;
    }

    private static ulong Step(ulong state, ulong a, ulong b)
    {
        var high = Math.BigMul(state ^ a ^ K1, b ^ K2, out ulong low);
        return (high ^ low) + BitOperations.RotateLeft(state, 23);
    }
}
