using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Timekeeping;
using Raftd.Testing;

namespace Raftd.Store.Tests.Leases;

/// <summary>A lessor to which anything happens in random order, and a record of when each lease and each key was renewed
/// last, as far as its client was told.</summary>
internal sealed class RandomLeases(int seed) : IDisposable
{
    private const int MaxLeases = 8;
    private const double TtlSeconds = 10;

    private readonly Random _random = new(seed);
    private readonly LeaseFixture _leases = new();
    private readonly Dictionary<long, double> _renewed = [];
    private readonly Dictionary<(long Id, string Key), double> _renewedKeys = [];
    private readonly List<(ReadOnlyMemory<byte> Entry, long Renews, string? Key)> _pending = [];
    private double _now;
    private long _nextId = 1;

    public int Ended { get; private set; }

    /// <summary>Before their lease.</summary>
    public int KeysEnded { get; private set; }

    public string? Audit() => _leases.Store.State.Audit();

    public void Dispose() => _leases.Dispose();

    public void Step()
    {
        switch (_random.Next(12))
        {
            case 0:
                MaybeGrant();
                break;
            case 1 or 2 or 3 or 4:
                _now += 0.25;
                _leases.Time.Seconds(0.25);
                break;
            case 5 or 6:
                MaybeRenew();
                break;
            case 7:
                MaybeExpire();
                break;
            case 8:
                MaybeCheckpoint();
                break;
            case 9 or 10:
                ApplyPending();
                break;
            case 11 when _random.Next(20) == 0:
                Elect();
                break;
            case 11:
                _leases.Lessor.Load(_random.Next(1, 4));
                break;
        }
    }

    public void RequireNoneEndedEarly(string when)
    {
        foreach (var (id, renewed) in _renewed.ToList())
        {
            if (!_leases.Lives(id))
            {
                Assert.True(_now >= renewed + TtlSeconds, $"{when}: lease {id} ended {_now - renewed} s after a renewal");
                _renewed.Remove(id);
                Ended++;
            }
        }

        foreach (var ((id, key), renewed) in _renewedKeys.ToList())
        {
            if (_leases.Store.Get($"n{id % 3}/{id}/{key}") is null)
            {
                Assert.True(_now >= renewed + TtlSeconds, $"{when}: key {key} of lease {id} ended {_now - renewed} s after a renewal");
                _renewedKeys.Remove((id, key));
                KeysEnded += _renewed.ContainsKey(id) ? 1 : 0;
            }
        }
    }

    private void MaybeGrant()
    {
        if (_renewed.Count < MaxLeases)
        {
            _leases.Grant(_nextId, $"n{_nextId % 3}", (long)TtlSeconds, LeaseKind.Etcd);
            _renewed[_nextId++] = _now;
        }
    }

    private void MaybeExpire()
    {
        if (_leases.Lessor.CollectDue(_random.Next(1, 5)) is { } due)
        {
            Propose(By.Nobody.LeaseExpire(due), () => _leases.Lessor.ExpiryDropped(due));
        }
    }

    private void MaybeCheckpoint()
    {
        if (_leases.Lessor.CollectCheckpoints(_random.Next(1, 5)) is { } silent)
        {
            Propose(By.Nobody.LeaseCheckpoint(silent), () => _leases.Lessor.CheckpointsDropped(silent));
        }
    }

    private void Propose(ReadOnlyMemory<byte> entry, Action dropped)
    {
        if (_random.Next(5) == 0)
        {
            dropped();
        }
        else
        {
            _pending.Add((entry, 0, null));
        }
    }

    private void MaybeRenew()
    {
        if (_renewed.Count == 0)
        {
            return;
        }

        var id = _renewed.Keys.ElementAt(_random.Next(_renewed.Count));
        var (key, data) = _random.Next(2) == 0 ? ((string?)null, (string?)null) : ($"k{_random.Next(2)}", $"d{_random.Next(2)}");
        switch (_leases.TryRenew(id, key, data).Status)
        {
            case RenewStatus.Renewed:
                Acknowledge(id, key);
                break;
            case RenewStatus.NeedsEntry:
                _pending.Add((By.Nobody.LeaseKeepAlive(new LeaseKeepAliveRequest
                {
                    Id = id,
                    Key = LeaseFixture.Optional(key),
                    Data = LeaseFixture.Optional(data),
                }), id, key));
                break;
        }
    }

    /// <summary>Entries of the old term reach the log before the new leader's first, or are lost.</summary>
    private void Elect()
    {
        if (_random.Next(2) == 0)
        {
            ApplyPending();
        }

        _pending.Clear();
        _leases.BeginTerm();
    }

    private void ApplyPending()
    {
        foreach (var (entry, renews, key) in _pending)
        {
            var result = _leases.Store.Apply(entry);
            if (renews != 0 && result is LeaseKeepAliveResult && _renewed.ContainsKey(renews))
            {
                Acknowledge(renews, key);
            }
        }

        _pending.Clear();
    }

    private void Acknowledge(long id, string? key)
    {
        _renewed[id] = _now;
        foreach (var known in _renewedKeys.Keys.Where(known => known.Id == id && (key is null || known.Key == key)).ToList())
        {
            _renewedKeys[known] = _now;
        }

        if (key is not null)
        {
            _renewedKeys[(id, key)] = _now;
        }
    }
}
