using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Leading;
using Raftd.State.Timekeeping;
using Raftd.Store.Tests.Mvcc;
using Raftd.Testing;
using Raftd.Testing.Clocks;

namespace Raftd.Store.Tests.Leases;

/// <summary>A leader of one: its state, its lessor, a clock that stands.</summary>
internal sealed class LeaseFixture : IDisposable
{
    private long _nextHidden = 1_000_000;

    public LeaseFixture()
    {
        Lessor = new Lessor(Store.State, Time);
        Lessor.Promote(Store.Term);
        LoadAll();
    }

    public ManualTime Time { get; } = new();

    public TestStore Store { get; } = new();

    public Lessor Lessor { get; }

    public CommandResult TryGrant(
        long id, string name = "/esq/node", long ttl = 10, bool unique = false, LeaseKind kind = LeaseKind.Rest) =>
        Store.Apply(By.Nobody.LeaseGrant(id, name, ttl, unique, kind));

    public void Grant(long id, string name = "/esq/node", long ttl = 10, LeaseKind kind = LeaseKind.Rest) =>
        Assert.IsType<LeaseGrantResult>(TryGrant(id, name, ttl, unique: false, kind));

    public PutResult PutWithTtl(string key, string value, long ttl) => Store.Put(key, value, ttl: ttl, hidden: ++_nextHidden);

    public CommandResult KeepAliveEntry(long id, string? key = null, string? data = null) =>
        Store.Apply(By.Nobody.LeaseKeepAlive(new LeaseKeepAliveRequest
        {
            Id = id,
            Key = Optional(key),
            Data = Optional(data),
        }));

    public RenewResult TryRenew(long id, string? key = null, string? data = null) => Lessor.TryRenew(
        id, Optional(key), Optional(data),
        key is not null && Lessor.FullKeyOf(id, TestStore.Bytes(key)) is { } fullKey && Store.State.TryGet(fullKey, out var held) ? held : null);

    public LeasedKeysResponse LeasedKeys(LeasedKeysRequest request) =>
        LeasedKeyListing.ReadAsync(Lessor.LeasedKeys(request), Store.State, request.MaxBytes).AsTask().GetAwaiter().GetResult();

    /// <summary>A null array would convert to empty memory.</summary>
    public static ReadOnlyMemory<byte>? Optional(string? text) =>
        text is null ? default(ReadOnlyMemory<byte>?) : TestStore.Bytes(text);

    /// <summary>As the service does it: skips the log if it can. Null if the lease or key is not there.</summary>
    public bool? KeepAlive(long id, string? key = null, string? data = null)
    {
        var status = TryRenew(id, key, data).Status;
        return status switch
        {
            RenewStatus.Renewed => true,
            RenewStatus.NotFound or RenewStatus.KeyNotFound => null,
            RenewStatus.NeedsEntry => KeepAliveEntry(id, key, data) is LeaseKeepAliveResult ? false : null,
            _ => throw new InvalidOperationException($"{status}"),
        };
    }

    /// <summary>Proposes and applies what is due.</summary>
    public void Tick()
    {
        while (Lessor.CollectDue(100) is { } batch)
        {
            Store.Apply(By.Nobody.LeaseExpire(batch));
        }
    }

    public void Checkpoint()
    {
        while (Lessor.CollectCheckpoints(100) is { } batch)
        {
            Store.Apply(By.Nobody.LeaseCheckpoint(batch));
        }
    }

    public void NewTerm()
    {
        BeginTerm();
        LoadAll();
    }

    /// <summary>The new leader has not taken in any lease yet.</summary>
    public void BeginTerm()
    {
        Lessor.Demote();
        Store.Term++;
        Store.Apply(By.Nobody.AlarmClear(new Alarm(AlarmKind.NoSpace, AlarmCause.Operator, 0)));
        Lessor.Promote(Store.Term);
    }

    public void LoadAll()
    {
        while (Lessor.Load(100))
        {
        }
    }

    public bool Lives(long id) => Lessor.TimeToLive(id) is not null;

    public void Dispose() => Store.Dispose();
}
