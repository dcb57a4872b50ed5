// A backup as etcd's clients save it:
//
//   +-----------------------------+------------------+---------------+
//   | the member's backup         | zeros            | SHA-256 over  |
//   | (docs/snapshot-format.md)   | 0 to 511         | all before it |
//   +-----------------------------+------------------+---------------+
//   a multiple of 512 bytes                          32 bytes
//
// It comes in pieces of at most 32 KiB. Each says how many bytes are left before the digest, which is a piece of its own. By
// the size of the file (32 modulo 512) etcdctl tells that the digest is there: a stream that broke off leaves none.
//
// A client may be slow, but not for ever: in the mean it takes as many bytes in a second as any reader of something large, and
// it ends when the member needs the room of the backup (IBackup.Revoked).

using System.Security.Cryptography;
using Google.Protobuf;
using Raftd.Api.Http;
using Raftd.Contract;

namespace Raftd.Api.Etcd.Services;

internal sealed class SnapshotStream(EtcdCall call, IBackup backup)
{
    private const int SectorBytes = 512;
    private const int PieceBytes = 32 * 1024;

    private readonly long _paddedBytes = (backup.Bytes + SectorBytes - 1) / SectorBytes * SectorBytes;
    private long _sentBytes;

    /// <exception cref="EtcdException">The client took too long, or the backup was revoked.</exception>
    public async Task RunAsync()
    {
        using var patience = new Patience(_paddedBytes, call.Services, call.Ended);
        using var tooSlow = patience.Token.Register(call.End);
        using var revoked = backup.Revoked.Register(call.End);
        try
        {
            await SendAsync();
        }
        catch (OperationCanceledException) when (backup.Revoked.IsCancellationRequested)
        {
            new EtcdStatus(GrpcCode.ResourceExhausted, "raftd: another member needed the room of this snapshot: ask again").Throw();
        }
        catch (OperationCanceledException) when (patience.HasRunOut)
        {
            new EtcdStatus(GrpcCode.DeadlineExceeded, "raftd: the snapshot was read too slowly").Throw();
        }
    }

    private async Task SendAsync()
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var chunk = backup.Read(); !chunk.IsEmpty; chunk = backup.Read())
        {
            for (var at = 0; at < chunk.Length; at += PieceBytes)
            {
                await SendAsync(chunk.Slice(at, Math.Min(PieceBytes, chunk.Length - at)), digest);
            }
        }

        if (_sentBytes < _paddedBytes)
        {
            await SendAsync(new byte[_paddedBytes - _sentBytes], digest);
        }

        await call.WriteAsync(new Wire.SnapshotResponse { Blob = ByteString.CopyFrom(digest.GetHashAndReset()) });
    }

    private async Task SendAsync(ReadOnlyMemory<byte> piece, IncrementalHash digest)
    {
        // Ended between two pieces, the call has a status for the client; in the middle of one, Kestrel resets its stream.
        call.Ended.ThrowIfCancellationRequested();
        digest.AppendData(piece.Span);
        _sentBytes += piece.Length;
        await call.WriteAsync(new Wire.SnapshotResponse
        {
            RemainingBytes = (ulong)(_paddedBytes - _sentBytes),
            Blob = Answers.Bytes(piece),
        });
    }
}
