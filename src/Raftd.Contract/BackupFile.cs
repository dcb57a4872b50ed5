// A backup as it is saved, over REST, by etcd's clients and by the schedule of the member itself:
//
//   +-----------------------------+------------------+---------------+
//   | the member's backup         | zeros            | SHA-256 over  |
//   | (docs/snapshot-format.md)   | 0 to 511         | all before it |
//   +-----------------------------+------------------+---------------+
//   a multiple of 512 bytes                          32 bytes
//
// By the size of the file (32 modulo 512) etcdctl tells that the digest is there: a stream that broke off leaves none.

using System.Security.Cryptography;

namespace Raftd.Contract;

/// <summary>The bytes of the file. Read once.</summary>
public sealed class BackupFile(IBackup backup)
{
    private const int SectorBytes = 512;
    private const int PieceBytes = 32 * 1024;

    /// <summary>Of what stands before the digest.</summary>
    public long ContentBytes { get; } = (backup.Bytes + SectorBytes - 1) / SectorBytes * SectorBytes;

    /// <summary>Of all of it.</summary>
    public long Bytes => ContentBytes + SHA256.HashSizeInBytes;

    /// <summary>Pieces of at most 32 KiB, each good until the next one; the last one is the digest alone.</summary>
    /// <exception cref="StoreException">As of IBackup.Read.</exception>
    public IEnumerable<ReadOnlyMemory<byte>> Read()
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var piece in ReadContent())
        {
            digest.AppendData(piece.Span);
            yield return piece;
        }

        yield return digest.GetHashAndReset();
    }

    private IEnumerable<ReadOnlyMemory<byte>> ReadContent()
    {
        var left = ContentBytes;
        for (var chunk = backup.Read(); !chunk.IsEmpty; chunk = backup.Read())
        {
            left -= chunk.Length;
            for (var at = 0; at < chunk.Length; at += PieceBytes)
            {
                yield return chunk.Slice(at, Math.Min(PieceBytes, chunk.Length - at));
            }
        }

        if (left > 0)
        {
            yield return new byte[left];
        }
    }
}
