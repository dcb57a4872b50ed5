using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Timekeeping;

namespace Raftd.Store.Tests.Leases;

/// <summary>Renewals, expiries, checkpoints, elections and lost proposals in random order, against the promise itself:
/// neither a lease nor a key of its own deadline ends before its last acknowledged renewal plus the time to live.</summary>
public sealed class LeaseModelTests(ITestOutputHelper output)
{
    private const int Leases = 8;
    private const double TtlSeconds = 10;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(0)]
    public void RandomSchedule_NeverEndsALeaseEarly(int seed)
    {
        seed = seed != 0 ? seed : Environment.TickCount & 0xFFFFF;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var leases = new LeaseFixture();
        var acknowledged = new Dictionary<long, double>();
        var acknowledgedKeys = new Dictionary<(long Id, string Key), double>();
        var pending = new List<(ReadOnlyMemory<byte> Entry, long Renews, string? Key)>();
        var now = 0.0;
        var nextId = 1L;
        var ended = 0;
        var keysEnded = 0;
        for (var step = 0; step < 20_000; step++)
        {
            Step();
            foreach (var (id, renewed) in acknowledged.ToList())
            {
                if (!leases.Lives(id))
                {
                    Assert.True(now >= renewed + TtlSeconds, $"step {step}: lease {id} ended {now - renewed} s after a renewal");
                    acknowledged.Remove(id);
                    ended++;
                }
            }

            foreach (var ((id, key), renewed) in acknowledgedKeys.ToList())
            {
                if (leases.Store.Get($"n{id % 3}/{id}/{key}") is null)
                {
                    Assert.True(now >= renewed + TtlSeconds, $"step {step}: key {key} of lease {id} ended {now - renewed} s after a renewal");
                    acknowledgedKeys.Remove((id, key));
                    keysEnded += acknowledged.ContainsKey(id) ? 1 : 0;
                }
            }
        }

        Assert.Null(leases.Store.State.Audit());
        Assert.True(ended > 10, $"only {ended} leases ended");
        Assert.True(keysEnded > 10, $"only {keysEnded} keys ended before their lease");

        void Step()
        {
            switch (random.Next(12))
            {
                case 0:
                    if (acknowledged.Count < Leases)
                    {
                        leases.Grant(nextId, $"n{nextId % 3}", (long)TtlSeconds, LeaseKind.Etcd);
                        acknowledged[nextId++] = now;
                    }

                    break;
                case 1 or 2 or 3 or 4:
                    now += 0.25;
                    leases.Time.Seconds(0.25);
                    break;
                case 5 or 6:
                    Renew();
                    break;
                case 7:
                    if (leases.Lessor.CollectDue(random.Next(1, 5)) is { } due)
                    {
                        Propose(CommandFactory.LeaseExpire(due), () => leases.Lessor.ExpiryDropped(due));
                    }

                    break;
                case 8:
                    if (leases.Lessor.CollectCheckpoints(random.Next(1, 5)) is { } silent)
                    {
                        Propose(CommandFactory.LeaseCheckpoint(silent), () => leases.Lessor.CheckpointsDropped(silent));
                    }

                    break;
                case 9 or 10:
                    ApplyPending();
                    break;
                case 11 when random.Next(20) == 0:
                    // Entries of the old term reach the log before the new leader's first, or are lost.
                    if (random.Next(2) == 0)
                    {
                        ApplyPending();
                    }

                    pending.Clear();
                    leases.BeginTerm();
                    break;
                case 11:
                    leases.Lessor.Load(random.Next(1, 4));
                    break;
            }
        }

        void Propose(ReadOnlyMemory<byte> entry, Action dropped)
        {
            if (random.Next(5) == 0)
            {
                dropped();
            }
            else
            {
                pending.Add((entry, 0, null));
            }
        }

        void Renew()
        {
            if (acknowledged.Count == 0)
            {
                return;
            }

            var id = acknowledged.Keys.ElementAt(random.Next(acknowledged.Count));
            var (key, data) = random.Next(2) == 0 ? ((string?)null, (string?)null) : ($"k{random.Next(2)}", $"d{random.Next(2)}");
            switch (leases.TryRenew(id, key, data).Status)
            {
                case RenewStatus.Renewed:
                    Acknowledge(id, key);
                    break;
                case RenewStatus.NeedsEntry:
                    pending.Add((CommandFactory.LeaseKeepAlive(new LeaseKeepAliveRequest
                    {
                        Id = id,
                        Key = LeaseFixture.Optional(key),
                        Data = LeaseFixture.Optional(data),
                    }), id, key));
                    break;
            }
        }

        void ApplyPending()
        {
            foreach (var (entry, renews, key) in pending)
            {
                var result = leases.Store.Apply(entry);
                if (renews != 0 && result is LeaseKeepAliveResult && acknowledged.ContainsKey(renews))
                {
                    Acknowledge(renews, key);
                }
            }

            pending.Clear();
        }

        void Acknowledge(long id, string? key)
        {
            acknowledged[id] = now;
            foreach (var known in acknowledgedKeys.Keys.Where(known => known.Id == id && (key is null || known.Key == key)).ToList())
            {
                acknowledgedKeys[known] = now;
            }

            if (key is not null)
            {
                acknowledgedKeys[(id, key)] = now;
            }
        }
    }
}
