using System.Text;

namespace Raftd.Simulation;

/// <summary>All that happened, folded into one number: two runs of one seed must end with the same one.</summary>
internal sealed class Trace(TextWriter? output)
{
    private Fold _fold = new();

    public ulong Hash => _fold.Value;

    /// <summary>Lines are printed: it is worth the trouble to make them.</summary>
    public bool IsPrinting => output is not null;

    public void Add(ulong value) => _fold.Add(value);

    public void Add(ReadOnlySpan<byte> bytes) => _fold.Add(bytes);

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
