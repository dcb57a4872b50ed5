using System.Security.Cryptography;
using System.Text;
using Raftd.Contract;
using Raftd.Node.Restoring;
using Raftd.Store.Snapshots;
using Raftd.Testing.Disks;

namespace Raftd.Node.Tests;

/// <summary>A new cluster is made of a backup: whole, with ids of its own, and over nothing that is there.</summary>
public sealed class RestoreTests(LoneNode lone) : IClassFixture<LoneNode>, IDisposable
{
    private const string Label = "restored";

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string DataDirectory => _directory.At("data");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Restored_HasWhatTheBackupHad_AndGoesOnAsAClusterOfItsOwn()
    {
        await lone.Node.PutAsync("restore/a", "1");
        var kept = await lone.Node.PutAsync("restore/a", "2");
        await lone.Node.PutAsync("restore/large", new string('x', 700_000));
        var lease = await lone.Node.Leases.GrantAsync(
            Caller.Nobody, new LeaseGrantRequest { Name = "/restore", TtlSeconds = 600 }, Stop);
        await lone.Node.KeyValues.DeleteRangeAsync(Caller.Nobody, new DeleteRangeRequest { Key = Bytes("restore/large") }, Stop);
        var backup = await BackupAsync();
        var revision = lone.Node.Cluster.Revision;

        var made = Restore(backup);
        Assert.Equal((ulong)revision, made.Backup.Meta.StoreRevision);
        Assert.NotEqual(lone.Node.Cluster.Status().ClusterId, made.ClusterId);

        // Twice: the first start founds, the second finds what the first one left.
        for (var start = 0; start < 2; start++)
        {
            await using var node = await FirstNode.StartAsync(DataDirectory, Label);
            Assert.Equal(made.ClusterId, node.Cluster.Status().ClusterId);
            Assert.Equal("2", await node.GetAsync("restore/a"));
            Assert.Equal("1", await node.GetAsync("restore/a", kept - 1));
            Assert.Null(await node.GetAsync("restore/large"));
            Assert.Equal("/restore", (await node.Leases.TimeToLiveAsync(Caller.Nobody, lease.Id, Stop)).Name);
            Assert.Equal(revision + start + 1, await node.PutAsync("restore/new", "3"));
            Assert.Single((await node.Cluster.MembersAsync(Caller.Nobody, ReadLevel.Linearizable, Stop)).Members);
            Assert.Null(node.Member!.State.Audit());
        }
    }

    /// <summary>Whoever saw the lost revisions must not take the new ones for them.</summary>
    [Fact]
    public async Task RaisedRevision_IsBeyondWhatClientsSaw_AndCompactsWhatIsBelow()
    {
        const long By = 1_000_000;
        await lone.Node.PutAsync("raised/a", "1");
        var backup = await BackupAsync();
        var revision = lone.Node.Cluster.Revision;
        Restore(backup, By);

        await using var node = await FirstNode.StartAsync(DataDirectory, Label);
        Assert.Equal("1", await node.GetAsync("raised/a"));
        Assert.Equal(revision + By + 1, await node.PutAsync("raised/a", "2"));
        var compacted = await Assert.ThrowsAsync<StoreException>(() => node.GetAsync("raised/a", revision + 1));
        Assert.Equal(ErrorCode.Compacted, compacted.Code);
        using var watches = node.Watches.OpenWatches(Caller.Nobody);
        watches.Create(new WatchRequest { Key = Bytes("raised/a"), StartRevision = revision + 1 });
        Assert.Equal(WatchMessageKind.Created, (await watches.ReadAsync(Stop)).Kind);
        Assert.Equal(WatchEnd.Compacted, (await watches.ReadAsync(Stop)).End);
        await node.Member!.State.DeletionOf(revision + By).WaitAsync(Stop);
        Assert.Null(node.Member.State.Audit());
    }

    /// <summary>Each byte that is not as it was, and each end that comes too early or too late.</summary>
    [Fact]
    public async Task Damaged_Anywhere_IsRefused_AndLeavesNothing()
    {
        await lone.Node.PutAsync("damaged/a", "1");
        var backup = await BackupAsync();
        for (var i = 0; i < backup.Length; i += 1 + backup.Length / 200)
        {
            var damaged = backup.ToArray();
            damaged[i] ^= 0x10;
            RequireRefused(damaged);
            RequireRefused(backup[..i]);
        }

        RequireRefused([.. backup, 0]);
        RequireRefused([.. backup, .. new byte[512]]);
        var etcd = new byte[4096];
        BitConverter.TryWriteBytes(etcd.AsSpan(16), 0xED0CDAED);
        Assert.Contains("a database of etcd itself", RequireRefused(etcd).Message, StringComparison.Ordinal);
    }

    /// <summary>The chunks contradict each other, and the file's own digest is right.</summary>
    [Fact]
    public async Task Contradiction_WithinARightDigest_IsRefused()
    {
        var backup = await BackupAsync();
        backup[100] ^= 0x10;
        SHA256.HashData(backup.AsSpan(..^32), backup.AsSpan(^32..));
        Assert.Contains("contradicts itself", RequireRefused(backup).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Directory_ThatHoldsSomething_IsNeverTouched()
    {
        var backup = await BackupAsync();
        Directory.CreateDirectory(DataDirectory);
        await File.WriteAllTextAsync(Path.Combine(DataDirectory, "note"), "mine", Stop);
        var refused = Assert.Throws<FatalStopException>(() => Restore(backup));
        Assert.Equal(FatalReason.DataDirectoryUnusable, refused.Reason);
        Assert.EndsWith("/note", Assert.Single(Directory.GetFileSystemEntries(DataDirectory)), StringComparison.Ordinal);

        File.Delete(Path.Combine(DataDirectory, "note"));
        Directory.CreateDirectory(Path.Combine(DataDirectory, "wal"));
        Assert.Equal(FatalReason.DataDirectoryUnusable, Assert.Throws<FatalStopException>(() => Restore(backup)).Reason);
    }

    /// <summary>What a crash leaves beside the directory is in nobody's way.</summary>
    [Fact]
    public async Task Leftovers_OfARestoreThatCrashed_AreReplaced()
    {
        var backup = await BackupAsync();
        Directory.CreateDirectory(DataDirectory);
        Directory.CreateDirectory(DataDirectory + ".restoring");
        await File.WriteAllTextAsync(Path.Combine(DataDirectory + ".restoring", "half"), "a state", Stop);
        Restore(backup);
        Assert.False(Directory.Exists(DataDirectory + ".restoring"));
        await using var node = await FirstNode.StartAsync(DataDirectory, Label);
        Assert.Equal(lone.Node.Cluster.Revision, node.Cluster.Revision);
    }

    private BackupException RequireRefused(byte[] backup)
    {
        var refused = Assert.Throws<BackupException>(() => Restore(backup));
        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path));
        return refused;
    }

    private RestoredMember Restore(byte[] backup, long raiseRevisionBy = 0)
    {
        using var reader = new BackupReader(new MemoryStream(backup));
        return RestoredMember.Make(
            reader, new RestoreOptions { DataDirectory = DataDirectory, Label = Label, RaiseRevisionBy = raiseRevisionBy });
    }

    /// <summary>As the Snapshot call and GET /snapshot write it.</summary>
    private async Task<byte[]> BackupAsync()
    {
        using var backup = await lone.Node.Maintenance.OpenBackupAsync(Caller.Nobody, Stop);
        using var file = new MemoryStream();
        for (var piece = backup.Read(); !piece.IsEmpty; piece = backup.Read())
        {
            file.Write(piece.Span);
        }

        file.Write(new byte[(512 - file.Length % 512) % 512]);
        file.Write(SHA256.HashData(file.ToArray()));
        return file.ToArray();
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
