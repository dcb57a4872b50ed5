using System.Buffers.Binary;
using System.Text;
using Raftd.Contract;
using Raftd.Store;
using Raftd.Store.Snapshots;
using Raftd.Testing.Buckets;

namespace Raftd.Node.Tests;

/// <summary>A backup is the state of one member, whole, and another can be made of it.</summary>
public sealed class BackupTests(LoneNode lone) : IClassFixture<LoneNode>
{
    private const int ChunkHeadBytes = 24;
    private const int KindAt = 16;
    private const int LastChunk = 3;

    private static readonly Caller Nobody = Caller.Nobody;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>What was answered before it was asked for is in it, flushed by then or not.</summary>
    [Fact]
    public async Task Backup_AskedForAfterAWrite_HasIt_AndIsReadBackAsAState()
    {
        var large = new string('x', 700_000);
        await PutAsync("backup/small", "1");
        await PutAsync("backup/large", large);
        using var backup = await lone.Node.Maintenance.OpenBackupAsync(Nobody, Stop);
        await PutAsync("backup/small", "2");
        var bytes = ReadAll(backup);
        Assert.Equal(backup.Bytes, bytes.Length);
        Assert.True(backup.Read().IsEmpty);

        using var directory = new ModelStateDirectory(new ModelStateDisk());
        using var receiver = new SnapshotReceiver(directory.BeginInstall(), StateMachine.VerifySnapshot);
        receiver.Feed(bytes);
        receiver.Finish();
        directory.HandOverInstall();
        Assert.True(directory.TryCompleteInstall());
        using var state = StateMachine.Open(directory, new StoreOptions());
        Assert.Equal("1", Get(state, "backup/small"));
        Assert.Equal(large, Get(state, "backup/large"));
        Assert.Null(state.Audit());
    }

    /// <summary>What stands behind a backup in a file, padding and digest, is told from it by its chunks alone.</summary>
    [Fact]
    public async Task Backup_WithZerosBehindIt_EndsWithItsLastChunk()
    {
        await PutAsync("backup/end", "1");
        using var backup = await lone.Node.Maintenance.OpenBackupAsync(Nobody, Stop);
        byte[] padded = [.. ReadAll(backup), .. new byte[511]];
        var at = 0;
        for (var kind = 0; kind != LastChunk;)
        {
            kind = padded[at + KindAt];
            at += ChunkHeadBytes + BinaryPrimitives.ReadInt32LittleEndian(padded.AsSpan(at));
        }

        Assert.Equal(backup.Bytes, at);
    }

    [Fact]
    public async Task Backups_MoreThanMayBeOpen_AreRefused()
    {
        using var first = await lone.Node.Maintenance.OpenBackupAsync(Nobody, Stop);
        using (await lone.Node.Maintenance.OpenBackupAsync(Nobody, Stop))
        {
            var refused = await Assert.ThrowsAsync<StoreException>(
                async () => await lone.Node.Maintenance.OpenBackupAsync(Nobody, Stop));
            Assert.Equal(ErrorCode.TooManyRequests, refused.Code);
        }

        (await lone.Node.Maintenance.OpenBackupAsync(Nobody, Stop)).Dispose();
    }

    [Fact]
    public async Task Caller_WhoGoesWhileItIsWritten_LeavesItsPlace()
    {
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        for (var i = 0; i < 5; i++)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                async () => await lone.Node.Maintenance.OpenBackupAsync(Nobody, gone.Token));
        }

        (await lone.Node.Maintenance.OpenBackupAsync(Nobody, Stop)).Dispose();
    }

    private static byte[] ReadAll(IBackup backup)
    {
        using var bytes = new MemoryStream();
        for (var piece = backup.Read(); !piece.IsEmpty; piece = backup.Read())
        {
            bytes.Write(piece.Span);
        }

        return bytes.ToArray();
    }

    private static string? Get(StateMachine state, string key) =>
        state.TryGet(Encoding.UTF8.GetBytes(key), out var item) ? Encoding.UTF8.GetString(item.Value.Span) : null;

    private async Task PutAsync(string key, string value) => await lone.Node.KeyValues.PutAsync(
        Nobody, new PutRequest { Key = Encoding.UTF8.GetBytes(key), Value = Encoding.UTF8.GetBytes(value) }, Stop);
}
