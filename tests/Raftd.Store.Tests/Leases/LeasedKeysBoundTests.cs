using Raftd.Contract;

namespace Raftd.Store.Tests.Leases;

/// <summary>A listing of leased keys is built whole in memory, so it has a bound.</summary>
public sealed class LeasedKeysBoundTests : IDisposable
{
    private readonly LeaseFixture _leases = new();

    public void Dispose() => _leases.Dispose();

    [Fact]
    public void Listing_AboveItsBound_IsTooLarge()
    {
        for (var i = 1; i <= 3; i++)
        {
            _leases.Grant(i, "name");
            _leases.KeepAliveEntry(i, "key", new string('v', 100));
        }

        var request = new LeasedKeysRequest { NamePrefix = "name", Key = default };
        var bytes = _leases.LeasedKeys(request).Items.Sum(LeasedKey.CountedBytes);
        Assert.Equal(3 * (64 + "name".Length + "key".Length + 100), bytes);
        Assert.Equal(3, _leases.LeasedKeys(request with { MaxBytes = bytes }).Items.Count);
        var refusal = Assert.Throws<StoreException>(() => _leases.LeasedKeys(request with { MaxBytes = bytes - 1 }));
        Assert.Equal(ErrorCode.TooLarge, refusal.Code);
    }
}
