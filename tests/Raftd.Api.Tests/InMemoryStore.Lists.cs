using Raftd.Contract;

namespace Raftd.Api.Tests;

/// <summary>Ranges and histories of the store in memory, a step at a time.</summary>
internal sealed partial class InMemoryStore : IListService
{
    /// <summary>Asked before each step, outside the lock.</summary>
    public Action<KeyPageRequest> BeforePage { get; set; } = _ => { };

    public ValueTask<KeyPage> KeysAsync(Caller caller, KeyPageRequest request, CancellationToken cancellationToken)
    {
        BeforePage(request);
        lock (_lock)
        {
            Enter();
            RequireReadable(request.Revision);
            var at = request.Revision == 0 ? _revision : request.Revision;
            var found = Live(request.Key, request.RangeEnd, at);
            if (request.IsDescending)
            {
                found.Reverse();
            }

            var items = found.Take(Fitting(found, request.MaxItems, request.MaxBytes, request.MaxValueBytes)).ToArray();
            return ValueTask.FromResult(new KeyPage
            {
                Revision = _revision,
                ReadRevision = at,
                Items = [.. items.Select(item => HandOut(item, request.MaxValueBytes))],
                Count = request.Counts ? found.Count : 0,
                Next = items.Length == found.Count ? null
                    : request.IsDescending ? items[^1].Key.ToArray()
                    : found[items.Length].Key.ToArray(),
            });
        }
    }

    public ValueTask<VersionPage> VersionsAsync(
        Caller caller, VersionPageRequest request, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            var kept = Kept(request.Key.ToArray())
                .Where(version => version.Revision <= (request.From?.Revision ?? long.MaxValue))
                .Select(version => version.Item ?? Deletion(request.Key, version.Revision))
                .ToList();
            var count = Fitting(kept, request.MaxItems, request.MaxBytes, request.MaxValueBytes);
            return ValueTask.FromResult(new VersionPage
            {
                Revision = _revision,
                Items = [.. kept.Take(count).Select(item => new HistoryItem(HandOut(item, request.MaxValueBytes), item.Version == 0))],
                Next = count == kept.Count ? null : new VersionId(kept[count].ModRevision, 0),
            });
        }
    }

    private static KeyValue Deletion(ReadOnlyMemory<byte> key, long revision) =>
        new() { Key = key, Value = default, CreateRevision = 0, ModRevision = revision, Version = 0, Lease = 0 };

    private static int Fitting(List<KeyValue> items, int maxItems, long maxBytes, int maxValueBytes)
    {
        var bytes = 0L;
        var count = 0;
        foreach (var item in items.Take(maxItems))
        {
            bytes += item.Key.Length + (item.Value.Length <= maxValueBytes ? item.Value.Length : 0);
            if (count > 0 && bytes > maxBytes)
            {
                break;
            }

            count++;
        }

        return count;
    }

    /// <summary>The newest first: those from the compact revision on, and what was there at it.</summary>
    private IEnumerable<Version> Kept(byte[] key)
    {
        var versions = _keys.GetValueOrDefault(key) ?? [];
        for (var at = versions.Count - 1; at >= 0; at--)
        {
            if (versions[at].Revision >= _compacted || versions[at].Item is not null)
            {
                yield return versions[at];
            }

            if (versions[at].Revision <= _compacted)
            {
                yield break;
            }
        }
    }
}
