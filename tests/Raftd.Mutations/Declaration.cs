namespace Raftd.Mutations;

/// <summary>A type or a member as the sources of the product declare it.</summary>
/// <param name="File">Relative to the root.</param>
/// <param name="Name">With its namespace and the types around it: Raftd.Wal.Log.WriteAheadLog.Sync.</param>
/// <param name="Parameters">How many; null for what takes none, as a field or a type.</param>
/// <param name="IsType">A type may have several parts, each a declaration.</param>
/// <param name="Start">In the file, of the first token.</param>
/// <param name="End">Behind the last token.</param>
internal sealed record Declaration(string File, string Name, int? Parameters, bool IsType, int Start, int End)
{
    /// <summary>Type.Member, or the type alone.</summary>
    public string ShortName
    {
        get
        {
            var dot = Name.LastIndexOf('.');
            return IsType ? Name[(dot + 1)..] : Name[(Name.LastIndexOf('.', dot - 1) + 1)..];
        }
    }

    /// <summary>It is what the name means: the end of its own, part by part.</summary>
    public bool IsCalled(string name) =>
        Name.EndsWith(name, StringComparison.Ordinal) && (Name.Length == name.Length || Name[^(name.Length + 1)] == '.');
}
