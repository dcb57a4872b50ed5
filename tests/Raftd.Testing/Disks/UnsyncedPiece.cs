namespace Raftd.Testing.Disks;

public enum UnsyncedKind
{
    /// <summary>One 512-byte sector of a write.</summary>
    Data,

    /// <summary>A new length: ftruncate or fallocate.</summary>
    Length,

    /// <summary>A creation, deletion or rename, whole.</summary>
    Name,
}

/// <summary>What a loss of power takes or leaves on its own.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Change">Number of the change it is a piece of; rises with time over all files and names.</param>
/// <param name="Path">The file, or the name that changed.</param>
/// <param name="Part">Of a write: the sector, from 0.</param>
/// <param name="Parts">Of a write: how many sectors it touches.</param>
public readonly record struct UnsyncedPiece(UnsyncedKind Kind, long Change, string Path, int Part, int Parts);
