using Raftd.Contract;
using Raftd.Shared;

namespace Raftd.Api.Tests;

/// <summary>Maintenance of the store in memory. What it has, it has in memory alone, so both hashes are of the history.</summary>
internal sealed partial class InMemoryStore : IMaintenanceService
{
    public ValueTask<HistoryHashResponse> HashHistoryAsync(Caller caller, long revision, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            var at = revision <= 0 ? _revision : revision;
            if (at < _compacted)
            {
                throw new StoreException(ErrorCode.Compacted, $"revision {at} is compacted");
            }

            if (at > _revision)
            {
                throw new StoreException(ErrorCode.FutureRevision, $"revision {at} is in the future");
            }

            return ValueTask.FromResult(new HistoryHashResponse
            {
                Revision = _revision,
                HashedRevision = at,
                CompactRevision = _compacted,
                Hash = HashOf(at),
            });
        }
    }

    public async ValueTask<StoredHashResponse> HashStoredAsync(Caller caller, CancellationToken cancellationToken)
    {
        var hashed = await HashHistoryAsync(caller, 0, cancellationToken);
        return new StoredHashResponse { Revision = hashed.Revision, Hash = hashed.Hash };
    }

    private uint HashOf(long through)
    {
        var hash = 0U;
        foreach (var (key, versions) in _keys)
        {
            var kept = versions.FindLast(version => version.Revision <= _compacted);
            foreach (var version in versions.Where(version => version.Revision <= through && (version.Revision > _compacted || version == kept)))
            {
                hash = Crc32C.Append(Crc32C.Append(hash, key), BitConverter.GetBytes(version.Revision));
                hash = Crc32C.Append(hash, version.Item is { } item ? item.Value.Span : default);
            }
        }

        return hash;
    }
}
