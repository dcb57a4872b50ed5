using System.Security.Cryptography;
using System.Text.Json;
using Raftd.Api.Etcd;
using Raftd.Contract;

namespace Raftd.Api.Tests.Etcd;

/// <summary>Backups as etcd's clients take them, of a store whose backups have the bytes that a test wants.</summary>
public sealed class SnapshotCallsTests : IAsyncLifetime
{
    private const string Snapshot = "etcdserverpb.Maintenance/Snapshot";
    private const int Mebi = 1 << 20;

    private readonly ManualClock _clock = new();
    private InMemoryHost _host = null!;
    private GrpcClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await InMemoryHost.StartAsync(new ApiOptions(), _clock);
        _client = GrpcClient.Of(_host);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(100_000)]
    [InlineData(3 * Mebi)]
    public async Task Snapshot_OfAnySize_IsPaddedToSectors_AndEndsWithItsDigest(int bytes)
    {
        _host.Store.BackupBytes = RandomNumberGenerator.GetBytes(bytes);
        var pieces = (await _client.CallAsync<Wire.SnapshotResponse>(Snapshot, new Wire.SnapshotRequest())).Messages;
        byte[] file = [.. pieces.SelectMany(static piece => piece.Blob.ToByteArray())];
        var content = file[..^32];
        Assert.Equal((0, 32), (content.Length % 512, file.Length % 512));
        Assert.Equal(_host.Store.BackupBytes, content[..bytes]);
        Assert.DoesNotContain(content[bytes..], static padding => padding != 0);
        Assert.Equal(SHA256.HashData(content), file[^32..]);
        Assert.Equal(32, pieces[^1].Blob.Length);
        RequireFallingRest(pieces, content.Length);
        await InMemoryHost.EventuallyAsync(() => _host.Store.OpenBackups, 0, "open backups");
        await _host.AllAnswersAreReleasedAsync();
    }

    [Fact]
    public void Snapshot_AsJson_IsTheSameLineByLine()
    {
        _host.Store.BackupBytes = RandomNumberGenerator.GetBytes(40_000);
        var lines = RawHttp.Send(_host, "POST", "/v3/maintenance/snapshot", body: "{}"u8.ToArray()).Text
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("result"));
        byte[] file = [.. lines.SelectMany(static result => result.GetProperty("blob").GetBytesFromBase64())];
        Assert.Equal(40_448 + 32, file.Length);
        Assert.Equal(SHA256.HashData(file[..^32]), file[^32..]);
    }

    [Fact]
    public async Task Disk_WithoutRoom_IsSaidAndNotTakenForTheQuota()
    {
        _host.Store.Failure = new StoreException(ErrorCode.NoSpace, "a snapshot needs 7 bytes, and the disk has 6", "free some");
        (await _client.CallAsync<Wire.SnapshotResponse>(Snapshot, new Wire.SnapshotRequest()))
            .Is(new EtcdStatus(GrpcCode.ResourceExhausted, "raftd: a snapshot needs 7 bytes, and the disk has 6"));
    }

    /// <summary>Each piece leaves in time, and all together do not.</summary>
    [Fact]
    public async Task Client_TooSlowInTheMean_IsToldSo_AndHoldsNothing()
    {
        _host.Store.BackupBytes = new byte[Mebi];
        _host.Store.BeforeBackupRead = () => _clock.Advance(TimeSpan.FromSeconds(9));
        var answer = await _client.CallAsync<Wire.SnapshotResponse>(Snapshot, new Wire.SnapshotRequest());
        Assert.Equal((GrpcCode.DeadlineExceeded, "raftd: the snapshot was read too slowly"), (answer.Code, answer.Message));
        await InMemoryHost.EventuallyAsync(() => _host.Store.OpenBackups, 0, "open backups");
    }

    [Fact]
    public async Task Client_WhoseRoomTheMemberNeeds_IsToldSo()
    {
        _host.Store.BackupBytes = new byte[Mebi];
        _host.Store.BeforeBackupRead = _host.Store.BackupRoom.Cancel;
        var answer = await _client.CallAsync<Wire.SnapshotResponse>(Snapshot, new Wire.SnapshotRequest());
        answer.Is(new EtcdStatus(GrpcCode.ResourceExhausted, "raftd: another member needed the room of this snapshot: ask again"));
        await InMemoryHost.EventuallyAsync(() => _host.Store.OpenBackups, 0, "open backups");
    }

    /// <summary>Its stream is reset, because nothing would reach it.</summary>
    [Fact]
    public async Task Client_ThatReadsNothing_GivesTheRoomBack_WhenTheMemberNeedsIt()
    {
        _host.Store.BackupBytes = new byte[64 * Mebi];
        using var response = await _client.SendAsync(Snapshot, new ByteArrayContent(GrpcClient.Frame([])));
        Assert.Equal(1, _host.Store.OpenBackups);
        await _host.Store.BackupRoom.CancelAsync();
        await InMemoryHost.EventuallyAsync(() => _host.Store.OpenBackups, 0, "open backups");
        await _host.AllAnswersAreReleasedAsync();
    }

    [Fact]
    public async Task Client_ThatReadsNothing_IsCutOff()
    {
        _host.Store.BackupBytes = new byte[64 * Mebi];
        using var response = await _client.SendAsync(Snapshot, new ByteArrayContent(GrpcClient.Frame([])));
        await InMemoryHost.EventuallyAsync(
            () =>
            {
                _clock.Advance(TimeSpan.FromSeconds(10));
                return _host.Store.OpenBackups;
            },
            0,
            "open backups");
        await _host.AllAnswersAreReleasedAsync();
    }

    private static void RequireFallingRest(IReadOnlyList<Wire.SnapshotResponse> pieces, long rest)
    {
        foreach (var piece in pieces.SkipLast(1))
        {
            Assert.InRange(piece.Blob.Length, 1, 32 * 1024);
            rest -= piece.Blob.Length;
            Assert.Equal((ulong)rest, piece.RemainingBytes);
        }

        Assert.Equal((0L, 0UL), (rest, pieces[^1].RemainingBytes));
    }
}
