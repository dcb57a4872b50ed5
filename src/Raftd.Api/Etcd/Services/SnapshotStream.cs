// A backup (BackupFile), piece by piece. Each says how many bytes are left before the digest, which is a piece of its own.
//
// A client may be slow, but not for ever: in the mean it takes as many bytes in a second as any reader of something large, and
// it ends when the member needs the room of the backup (IBackup.Revoked).

using Raftd.Api.Http;
using Raftd.Contract;

namespace Raftd.Api.Etcd.Services;

internal sealed class SnapshotStream(EtcdCall call, IBackup backup)
{
    private readonly BackupFile _file = new(backup);

    /// <exception cref="EtcdException">The client took too long, or the backup was revoked.</exception>
    public async Task RunAsync()
    {
        using var patience = new Patience(_file.Bytes, call.Services, call.Ended);
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
        var left = _file.ContentBytes;
        foreach (var piece in _file.Read())
        {
            // Ended between two pieces, the call has a status for the client; in the middle of one, Kestrel resets its stream.
            call.Ended.ThrowIfCancellationRequested();
            left = Math.Max(left - piece.Length, 0);
            await call.WriteAsync(new Wire.SnapshotResponse { RemainingBytes = (ulong)left, Blob = Answers.Bytes(piece) });
        }
    }
}
