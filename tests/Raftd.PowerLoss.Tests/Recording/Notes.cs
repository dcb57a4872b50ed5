using System.Globalization;
using System.Text;

namespace Raftd.PowerLoss.Tests.Recording;

internal enum NoteKind
{
    /// <summary>About to be proposed: from here on it may be found.</summary>
    Put,

    /// <summary>The same, of a deletion.</summary>
    Delete,

    /// <summary>Acknowledged: from here on it must be found.</summary>
    Acknowledged,

    /// <summary>From here on no write is acknowledged without the member whose disk is recorded.</summary>
    Binding,

    /// <summary>About to be told to the cluster: from here on the directory must know itself by that number.</summary>
    Instance,
}

/// <param name="Kind">What happened.</param>
/// <param name="Key">Number of the key.</param>
/// <param name="Sequence">Number of the write, which rises for each key; or of the instance.</param>
/// <param name="Revision">Of an acknowledged write.</param>
internal readonly record struct Note(NoteKind Kind, int Key = 0, long Sequence = 0, long Revision = 0);

/// <summary>What was proposed and acknowledged, one write to a file outside the data directory each: so the trace has them
/// in their place among the member's own calls.</summary>
internal sealed class Notes : IDisposable
{
    public const string FileName = "notes";

    private readonly Lock _gate = new(); // one line after the other
    private readonly FileStream _file;

    public Notes(string folder) => _file = new FileStream(
        Path.Combine(folder, FileName), FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);

    public void Add(in Note note)
    {
        var line = string.Create(
            CultureInfo.InvariantCulture, $"{(int)note.Kind} {note.Key} {note.Sequence} {note.Revision}\n");
        lock (_gate)
        {
            _file.Write(Encoding.ASCII.GetBytes(line));
        }
    }

    public void Dispose() => _file.Dispose();

    public static Note Parse(ReadOnlySpan<byte> line)
    {
        var numbers = Encoding.ASCII.GetString(line).TrimEnd('\n').Split(' ')
            .Select(text => long.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return new Note((NoteKind)numbers[0], (int)numbers[1], numbers[2], numbers[3]);
    }
}
