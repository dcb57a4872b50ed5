using System.Text;
using Raftd.Contract;

namespace Raftd.Api.Tests;

internal sealed partial class InMemoryStore
{
    private static readonly TimeSpan UnclaimedAtLeast = TimeSpan.FromSeconds(60);

    private readonly SortedDictionary<long, Lease> _leases = [];
    private long _lastId = 7_000_000_000_000_000_000;

    public ValueTask<LeaseGrantResponse> GrantAsync(Caller caller, LeaseGrantRequest request, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            RequireSpace();
            if (request.TtlSeconds is < Bounds.MinLeaseTtlSeconds or > Bounds.MaxLeaseTtlSeconds)
            {
                throw new StoreException(ErrorCode.BadRequest, $"{request.TtlSeconds} s are out of range");
            }

            if (_leases.ContainsKey(request.Id))
            {
                throw new StoreException(ErrorCode.Conflict, $"there is a lease {request.Id}");
            }

            if (request.Unique && _leases.Values.Any(lease => lease.Name == request.Name))
            {
                throw new StoreException(ErrorCode.Conflict, $"a live lease is named {request.Name}");
            }

            var seconds = request.Kind == LeaseKind.Etcd ? Math.Max(request.TtlSeconds, 2) : request.TtlSeconds;
            var ttl = TimeSpan.FromSeconds(seconds);
            var lease = new Lease(request.Id == 0 ? ++_lastId : request.Id, request.Name, seconds)
            {
                Deadline = clock.GetUtcNow() + (ttl > UnclaimedAtLeast ? ttl : UnclaimedAtLeast),
            };
            _leases.Add(lease.Id, lease);
            return ValueTask.FromResult(new LeaseGrantResponse { Revision = _revision, Id = lease.Id, TtlSeconds = lease.GrantedSeconds });
        }
    }

    public ValueTask<LeaseKeepAliveResponse> KeepAliveAsync(
        Caller caller, LeaseKeepAliveRequest request, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            var lease = Find(request.Id);
            if (request.Key is not { } own)
            {
                if (request.Data is not null)
                {
                    throw new StoreException(ErrorCode.BadRequest, "data without a key");
                }

                lease.RenewAll(clock.GetUtcNow());
                return Renewed(lease);
            }

            if (own.Span.SequenceEqual("meta"u8))
            {
                throw new StoreException(ErrorCode.BadRequest, "the key `meta` is reserved");
            }

            var full = lease.FullName(own.Span);
            if (request.Data is { } data)
            {
                lease.Attach(full);
                Put(full, data.ToArray(), lease.Id, Current(full));
            }
            else if (!lease.Keys.ContainsKey(full))
            {
                throw new StoreException(ErrorCode.NotFound, "the lease has no such key");
            }

            lease.Renew(full, clock.GetUtcNow());
            return Renewed(lease);
        }

        ValueTask<LeaseKeepAliveResponse> Renewed(Lease lease) => ValueTask.FromResult(
            new LeaseKeepAliveResponse { Revision = _revision, Id = lease.Id, TtlSeconds = lease.GrantedSeconds });
    }

    public ValueTask<LeaseRevokeResponse> RevokeAsync(Caller caller, long id, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            End(Find(id));
            return ValueTask.FromResult(new LeaseRevokeResponse { Revision = _revision });
        }
    }

    public ValueTask<LeaseTimeToLiveResponse> TimeToLiveAsync(Caller caller, long id, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            var lease = Find(id);
            return ValueTask.FromResult(new LeaseTimeToLiveResponse
            {
                Revision = _revision,
                Id = id,
                Name = lease.Name,
                Status = lease.Status,
                GrantedTtlSeconds = lease.GrantedSeconds,
                TtlSeconds = LeftOf(lease),
                Keys = [.. lease.Keys.Select(pair => new LeaseKey(pair.Key, SecondsTo(pair.Value ?? lease.Deadline)))],
            });
        }
    }

    public ValueTask<LeasedKeysResponse> LeasedKeysAsync(Caller caller, LeasedKeysRequest request, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            var items = from lease in ByName(request.NamePrefix)
                        from pair in lease.Keys
                        let own = lease.OwnName(pair.Key)
                        where request.Exact
                            ? own.Span.SequenceEqual(request.Key.Span)
                            : own.Span.StartsWith(request.Key.Span)
                        select new LeasedKey
                        {
                            Lease = lease.Id,
                            Name = lease.Name,
                            Key = own,
                            Value = Current(pair.Key)!.Value,
                            TtlSeconds = SecondsTo(pair.Value ?? lease.Deadline),
                        };
            var found = items.ToArray();
            return request.MaxBytes > 0 && found.Sum(LeasedKey.CountedBytes) > request.MaxBytes
                ? throw new StoreException(ErrorCode.TooLarge, $"the listing has more than {request.MaxBytes} bytes", "ask for less")
                : ValueTask.FromResult(new LeasedKeysResponse { Revision = _revision, Items = found });
        }
    }

    public ValueTask<LeaseListResponse> LeasesAsync(Caller caller, string namePrefix, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            var items = ByName(namePrefix).Select(
                lease => new LeaseSummary(lease.Id, lease.Name, lease.Status, lease.GrantedSeconds, LeftOf(lease)));
            return ValueTask.FromResult(new LeaseListResponse { Revision = _revision, Items = [.. items] });
        }
    }

    private IEnumerable<Lease> ByName(string prefix) => _leases.Values
        .Where(lease => !lease.IsHidden && lease.Name.StartsWith(prefix, StringComparison.Ordinal))
        .OrderBy(lease => lease.Name, StringComparer.Ordinal)
        .ThenBy(lease => lease.Id);

    private long LeftOf(Lease lease) =>
        lease.Status == LeaseStatus.Create ? lease.GrantedSeconds : SecondsTo(lease.Deadline);

    private long SecondsTo(DateTimeOffset deadline) =>
        (long)Math.Ceiling(Math.Max(0, (deadline - clock.GetUtcNow()).TotalSeconds));

    private Lease Find(long id) => _leases.TryGetValue(id, out var lease)
        ? lease
        : throw new StoreException(ErrorCode.NotFound, $"there is no lease {id}", "grant a new one");

    private long Hide(byte[] key, long ttlSeconds)
    {
        var lease = new Lease(++_lastId, "", ttlSeconds) { IsHidden = true };
        lease.Attach(key);
        lease.RenewAll(clock.GetUtcNow());
        _leases.Add(lease.Id, lease);
        return lease.Id;
    }

    private void DetachOthers(byte[] key, long lease)
    {
        foreach (var other in _leases.Values.Where(other => other.Id != lease && other.Keys.Remove(key)).ToArray())
        {
            if (other.IsHidden)
            {
                _leases.Remove(other.Id);
            }
        }
    }

    private void Expire()
    {
        var now = clock.GetUtcNow();
        foreach (var lease in _leases.Values.ToArray())
        {
            if (lease.Deadline <= now)
            {
                End(lease);
                continue;
            }

            var due = lease.Keys.Where(pair => pair.Value <= now).Select(pair => pair.Key).ToArray();
            Delete(due);
            if (due.Length > 0 && lease.Keys.Count == 0)
            {
                End(lease);
            }
        }
    }

    private void End(Lease lease)
    {
        _leases.Remove(lease.Id);
        Delete(lease.Keys.Keys);
    }

    private sealed class Lease(long id, string name, long grantedSeconds)
    {
        public long Id { get; } = id;

        public string Name { get; } = name;

        public long GrantedSeconds { get; } = grantedSeconds;

        public bool IsHidden { get; init; }

        public LeaseStatus Status { get; private set; } = LeaseStatus.Create;

        public DateTimeOffset Deadline { get; set; } = DateTimeOffset.MaxValue;

        /// <summary>Full names; the deadline of a key's own, null for the lease's.</summary>
        public SortedDictionary<byte[], DateTimeOffset?> Keys { get; } = new(ByteOrder.Instance);

        public byte[] FullName(ReadOnlySpan<byte> own) => [.. Encoding.UTF8.GetBytes($"{Name}/{Id}/"), .. own];

        public ReadOnlyMemory<byte> OwnName(byte[] key)
        {
            var prefix = FullName([]);
            return key.AsSpan().StartsWith(prefix) ? key.AsMemory(prefix.Length) : key;
        }

        public void Attach(byte[] key)
        {
            Status = LeaseStatus.Alive;
            Keys.TryAdd(key, null);
        }

        public void Renew(byte[] key, DateTimeOffset now)
        {
            Keys[key] = now.AddSeconds(GrantedSeconds);
            Status = LeaseStatus.Alive;
            Deadline = now.AddSeconds(GrantedSeconds);
        }

        public void RenewAll(DateTimeOffset now)
        {
            Status = LeaseStatus.Alive;
            Deadline = now.AddSeconds(GrantedSeconds);
            foreach (var (key, deadline) in Keys.ToArray())
            {
                Keys[key] = deadline is null ? null : Deadline;
            }
        }
    }
}
