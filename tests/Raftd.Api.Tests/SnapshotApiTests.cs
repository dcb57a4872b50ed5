using System.Security.Cryptography;

namespace Raftd.Api.Tests;

/// <summary>GET /snapshot, of a store whose backups have the bytes that a test wants.</summary>
public sealed class SnapshotApiTests : IAsyncLifetime
{
    private const int Mebi = 1 << 20;

    private readonly ManualClock _clock = new();
    private InMemoryHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await InMemoryHost.StartAsync(new ApiOptions(), _clock);

    public async ValueTask DisposeAsync() => await _host.DisposeAsync();

    [Theory]
    [InlineData(1)]
    [InlineData(512)]
    [InlineData(3 * Mebi)]
    public async Task Snapshot_OfAnySize_IsPaddedToSectors_AndEndsWithItsDigest(int bytes)
    {
        _host.Store.BackupBytes = RandomNumberGenerator.GetBytes(bytes);
        var answer = RawHttp.Send(_host, "GET", "/snapshot");
        Assert.Equal((200, "application/octet-stream"), (answer.Status, answer.Header("Content-Type")));
        var content = answer.Body[..^32];
        Assert.Equal((0, 32), (content.Length % 512, answer.Body.Length % 512));
        Assert.Equal(_host.Store.BackupBytes, content[..bytes]);
        Assert.DoesNotContain(content[bytes..], static padding => padding != 0);
        Assert.Equal(SHA256.HashData(content), answer.Body[^32..]);
        await InMemoryHost.EventuallyAsync(() => _host.Store.OpenBackups, 0, "open backups");
    }

    [Fact]
    public async Task Head_SaysTheSize_AndKeepsNothingOpen()
    {
        _host.Store.BackupBytes = new byte[1000];
        Assert.Equal("1056", RawHttp.Send(_host, "HEAD", "/snapshot").Header("Content-Length"));
        await InMemoryHost.EventuallyAsync(() => _host.Store.OpenBackups, 0, "open backups");
    }

    /// <summary>The member needs the room: what has come so far must not look whole.</summary>
    [Fact]
    public async Task Backup_ThatIsRevoked_IsCutOff()
    {
        _host.Store.BackupBytes = new byte[100 * Mebi];
        using var connection = RawHttp.Connect(_host);
        connection.SendRequest("GET", "/snapshot");
        await InMemoryHost.EventuallyAsync(() => _host.Store.OpenBackups, 1, "open backups");
        await _host.Store.BackupRoom.CancelAsync();
        Assert.ThrowsAny<Exception>(() => connection.ReadAnswer());
        await InMemoryHost.EventuallyAsync(() => _host.Store.OpenBackups, 0, "open backups");
    }

    [Fact]
    public async Task Reader_ThatStandsStill_IsCutOffInItsTime()
    {
        _host.Store.BackupBytes = new byte[100 * Mebi];
        using var connection = RawHttp.Connect(_host);
        connection.SendRequest("GET", "/snapshot");
        await InMemoryHost.EventuallyAsync(() => _host.Store.OpenBackups, 1, "open backups");
        await InMemoryHost.EventuallyAsync(
            () =>
            {
                _clock.Advance(TimeSpan.FromHours(1));
                return _host.Store.OpenBackups;
            },
            0,
            "open backups");
    }
}
