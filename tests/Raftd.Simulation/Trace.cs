using System.Buffers.Binary;
using System.Text;

namespace Raftd.Simulation;

/// <summary>All that happened, folded into one number: two runs of one seed must end with the same one.</summary>
internal sealed class Trace(TextWriter? output)
{
    private ulong _hash = 14_695_981_039_346_656_037;

    public ulong Hash => _hash;

    /// <summary>Lines are printed: whoever makes them may take the trouble.</summary>
    public bool IsPrinting => output is not null;

    public void Add(ulong value)
    {
        _hash = (_hash ^ value) * 0x9E37_79B9_7F4A_7C15;
        _hash ^= _hash >> 29;
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var rest in bytes)
        {
            Add(rest);
        }
    }

    /// <summary>Something worth a line: it counts for the hash, printed or not.</summary>
    public void Line(long time, string who, string what)
    {
        Add((ulong)time);
        Add(Encoding.UTF8.GetBytes(what));
        output?.WriteLine($"{time / 1e6,12:0.000000} {who,-6} {what}");
    }

    /// <summary>Detail that only a reader wants; not part of the hash.</summary>
    public void Detail(long time, string who, string what) => output?.WriteLine($"{time / 1e6,12:0.000000} {who,-6}   {what}");
}
