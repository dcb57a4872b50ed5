// One process that answers the contract honestly, from plain dictionaries: it shows that the API needs nothing else, and
// gives its tests real revisions, conditions, leases and waits. No Raft, no disk, one lock. StoreContract holds it to what a
// member of the product does.

using Raftd.Contract;

namespace Raftd.Api.Tests;

/// <summary>The keyspace and the leases of a single member in memory.</summary>
/// <remarks>Time is the given TimeProvider; expiry is looked at before every call, as if it had happened on time.</remarks>
internal sealed partial class InMemoryStore(TimeProvider clock) : IKeyValueService, ILeaseService, IWatchService
{
    private static readonly byte[] ZeroByte = [0];

    /// <summary>Guards everything below.</summary>
    private readonly Lock _lock = new();
    private readonly SortedDictionary<byte[], List<Version>> _keys = new(ByteOrder.Instance);
    private TaskCompletionSource _changed = NewSignal();
    private long _revision = 1;
    private long _compacted;
    private int _largeValuesRead;

    public long Revision
    {
        get
        {
            lock (_lock)
            {
                return _revision;
            }
        }
    }

    public int KeyCount
    {
        get
        {
            lock (_lock)
            {
                return _keys.Count(pair => pair.Value[^1].Item is not null);
            }
        }
    }

    /// <summary>What every call answers with while it is set.</summary>
    public StoreException? Failure { get; set; }

    /// <summary>Set while an alarm stands that says so.</summary>
    public bool RefusesWrites { get; set; }

    /// <summary>Asked before each range, outside the lock.</summary>
    public Action<RangeRequest> BeforeRange { get; set; } = _ => { };

    /// <summary>Values above 4 KiB that ranges and waits have handed out.</summary>
    public int LargeValuesRead => Volatile.Read(ref _largeValuesRead);

    public void Compact(long revision)
    {
        lock (_lock)
        {
            _compacted = revision;
        }
    }

    public ValueTask<RangeResponse> RangeAsync(Caller caller, RangeRequest request, CancellationToken cancellationToken)
    {
        BeforeRange(request);
        lock (_lock)
        {
            Enter();
            RequireReadable(request.Revision);
            var at = request.Revision == 0 ? _revision : request.Revision;
            var found = Live(request.Key, request.RangeEnd, at);
            return ValueTask.FromResult(
                new RangeResponse { Revision = _revision, Items = [.. Limited(request, found)], Count = found.Count });
        }
    }

    public ValueTask<PutResponse> PutAsync(Caller caller, PutRequest request, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            RequireSpace();
            if (request.Key.IsEmpty)
            {
                throw new StoreException(ErrorCode.EmptyKey, "the key is empty");
            }

            var previous = Current(request.Key);
            if (!Holds(request.Condition, previous))
            {
                return ValueTask.FromResult(new PutResponse { Revision = _revision, Succeeded = false });
            }

            if (request.Lease != 0)
            {
                Find(request.Lease).Attach(request.Key.ToArray());
            }

            var lease = request.TtlSeconds > 0 ? Hide(request.Key.ToArray(), request.TtlSeconds)
                : request.KeepLease ? previous!.Lease
                : request.Lease;
            Put(request.Key.ToArray(), request.Value.ToArray(), lease, previous);
            return ValueTask.FromResult(new PutResponse
            {
                Revision = _revision,
                Succeeded = true,
                Previous = request.ReturnPrevious ? previous : null,
            });
        }
    }

    public ValueTask<DeleteRangeResponse> DeleteRangeAsync(
        Caller caller, DeleteRangeRequest request, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            var succeeded = Holds(request.Condition, Current(request.Key));
            var doomed = succeeded ? Live(request.Key, request.RangeEnd, _revision) : [];
            Delete(doomed.Select(item => item.Key.ToArray()));
            return ValueTask.FromResult(
                new DeleteRangeResponse { Revision = _revision, Succeeded = succeeded, Deleted = doomed.Count });
        }
    }

    public IWatchSession OpenWatches(Caller caller) => new SilentWatches(Revision);

    public ValueTask<CompactResponse> CompactAsync(Caller caller, CompactRequest request, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            if (request.Revision <= _compacted)
            {
                throw new StoreException(ErrorCode.Compacted, $"revision {request.Revision} is compacted");
            }

            if (request.Revision > _revision)
            {
                throw new StoreException(ErrorCode.FutureRevision, $"revision {request.Revision} is in the future");
            }

            _compacted = request.Revision;
            return ValueTask.FromResult(new CompactResponse
            {
                Revision = _revision,
                CompactRevision = _compacted,
                IsDeleted = request.AwaitDeletion,
            });
        }
    }

    public async ValueTask<RangeResponse?> WaitAsync(Caller caller, WaitRequest request, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(request.TimeLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                Enter();
                changed = _changed.Task;
                if (_keys.TryGetValue(request.Key.ToArray(), out var versions)
                    && versions[^1].Revision > request.AfterRevision)
                {
                    var item = versions[^1].Item;
                    return new RangeResponse
                    {
                        Revision = _revision,
                        Items = item is null ? [] : [HandOut(item, request.MaxValueBytes)],
                        Count = item is null ? 0 : 1,
                    };
                }
            }

            try
            {
                await changed.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return null;
            }
        }
    }

    private IEnumerable<KeyValue> Limited(RangeRequest request, List<KeyValue> found)
    {
        var bytes = 0L;
        var count = request.CountOnly ? 0 : request.Limit > 0 ? request.Limit : long.MaxValue;
        foreach (var item in found.TakeWhile((_, index) => index < count))
        {
            var handedOut = HandOut(item, request.KeysOnly ? 0 : request.MaxValueBytes);
            bytes += handedOut.Key.Length + handedOut.Value.Length;
            if (request.MaxBytes > 0 && bytes > request.MaxBytes && bytes > handedOut.Key.Length + handedOut.Value.Length)
            {
                yield break;
            }

            yield return handedOut;
        }
    }

    private KeyValue HandOut(KeyValue item, int maxValueBytes)
    {
        if (item.Value.Length > maxValueBytes)
        {
            return item with { Value = default, ValueBytes = item.Value.Length };
        }

        _largeValuesRead += item.Value.Length > 4096 ? 1 : 0;
        return item;
    }

    private static bool Holds(Precondition? condition, KeyValue? current) =>
        condition is null
        || ((!condition.MustExist || current is not null)
            && (!condition.MustNotExist || current is null)
            && (condition.ModRevisions is null
                || (current is not null && condition.ModRevisions.Contains(current.ModRevision))));

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Enter()
    {
        if (Failure is { } failure)
        {
            throw failure;
        }

        Expire();
    }

    private void RequireReadable(long revision)
    {
        if (revision > _revision)
        {
            throw new StoreException(ErrorCode.FutureRevision, $"revision {revision} is in the future");
        }

        if (revision > 0 && revision < _compacted)
        {
            throw new StoreException(ErrorCode.Compacted, $"revision {revision} is compacted");
        }
    }

    private void RequireSpace()
    {
        if (RefusesWrites)
        {
            throw new StoreException(ErrorCode.NoSpace, "the NOSPACE alarm stands");
        }
    }

    private void Put(byte[] key, byte[] value, long lease, KeyValue? previous)
    {
        _revision++;
        DetachOthers(key, lease);
        Append(key, new KeyValue
        {
            Key = key,
            Value = value,
            CreateRevision = previous?.CreateRevision ?? _revision,
            ModRevision = _revision,
            Version = (previous?.Version ?? 0) + 1,
            Lease = lease,
        });
    }

    private void Delete(IEnumerable<byte[]> keys)
    {
        var doomed = keys.ToArray();
        if (doomed.Length == 0)
        {
            return;
        }

        _revision++;
        foreach (var key in doomed)
        {
            DetachOthers(key, lease: 0);
            Append(key, item: null);
        }
    }

    private void Append(byte[] key, KeyValue? item)
    {
        if (!_keys.TryGetValue(key, out var versions))
        {
            _keys.Add(key, versions = []);
        }

        versions.Add(new Version(_revision, item));
        var changed = _changed;
        _changed = NewSignal();
        changed.SetResult();
    }

    private KeyValue? Current(ReadOnlyMemory<byte> key) => Live(key, default, _revision).FirstOrDefault();

    private List<KeyValue> Live(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> end, long revision)
    {
        if (end.IsEmpty)
        {
            return _keys.TryGetValue(key.ToArray(), out var versions) && At(versions, revision) is { } item ? [item] : [];
        }

        var toTheEnd = end.Span.SequenceEqual(ZeroByte);
        return
        [
            .. from pair in _keys
               where ByteOrder.Instance.Compare(pair.Key, key.ToArray()) >= 0
                   && (toTheEnd || ByteOrder.Instance.Compare(pair.Key, end.ToArray()) < 0)
               let item = At(pair.Value, revision)
               where item is not null
               select item,
        ];
    }

    private static KeyValue? At(List<Version> versions, long revision) =>
        versions.FindLast(version => version.Revision <= revision)?.Item;

    /// <summary>One version; no item for a deletion.</summary>
    private sealed record Version(long Revision, KeyValue? Item);

    private sealed class ByteOrder : IComparer<byte[]>, IEqualityComparer<byte[]>
    {
        public static readonly ByteOrder Instance = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] bytes)
        {
            var hash = new HashCode();
            hash.AddBytes(bytes);
            return hash.ToHashCode();
        }
    }
}
