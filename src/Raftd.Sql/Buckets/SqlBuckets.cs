// The buckets of a database, as one front serves them.
//
// A front serves a bucket from when it is asked for it, or from when it leads it: somebody has to keep the time of its leases. What it
// does not serve costs it nothing but a row in the look of each second.
//
//   found here         a request costs a look into a table
//   not found here     one look at the database answers all requests that came before it began, and there is a pause between two: so a
//                      bucket that another front has just made is found, and a storm of names that are none costs twenty looks a second
//   made               by the front that was asked, with the number above all others, and a leader that lives (BucketLeaders)
//   removed            by a row that ends its log. Each front that serves it comes upon that row, ends its watches, and forgets it; what
//                      is left of it is deleted by one of them, in steps (UpkeepLoop)

using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Fronts;

namespace Raftd.Sql.Buckets;

internal sealed class SqlBuckets : IBucketService, IDisposable
{
    // Leases that are loaded at once, of as many buckets.
    private const int LoadsAtOnce = 2;

    // Of numbers that others have taken meanwhile.
    private const int MaxTries = 20;

    private static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(50);

    private readonly IDatabase _database;
    private readonly FrontOptions _limits;
    private readonly UpkeepLoop _upkeep;
    private readonly Func<IDatabase, BucketRow, FrontState, ServedBucket> _wire;
    private readonly IBucketThreads _threads;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, ServedBucket> _served = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _looking = new(1);
    private readonly SemaphoreSlim _loading = new(LoadsAtOnce);

    // Guards those below, and what is served.
    private readonly Lock _gate = new();
    private readonly Dictionary<long, Task<ServedBucket?>> _loads = [];
    private Task<IReadOnlyList<BucketRow>>? _nextLook;
    private long _lastLook;
    private bool _isStopping;

    /// <param name="database">Any bucket's.</param>
    /// <param name="limits">Of the front.</param>
    /// <param name="upkeep">Looks at all buckets each second.</param>
    /// <param name="wire">Makes the parts of a bucket.</param>
    /// <param name="threads">Step them. Disposed with this.</param>
    /// <param name="time">Monotonic time.</param>
    /// <param name="logger">Told of each bucket.</param>
    public SqlBuckets(
        IDatabase database, FrontOptions limits, UpkeepLoop upkeep, Func<IDatabase, BucketRow, FrontState, ServedBucket> wire,
        IBucketThreads threads, TimeProvider time, ILogger logger)
    {
        _database = database;
        _limits = limits;
        _upkeep = upkeep;
        _wire = wire;
        _threads = threads;
        _time = time;
        _logger = logger;
        upkeep.Seen = LookThrough;
    }

    public ValueTask<BucketServices?> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (_served.TryGetValue(name, out var served) && !served.IsEnded)
        {
            served.NoteUse();
            return ValueTask.FromResult<BucketServices?>(served.Services);
        }

        return FindAnewAsync(name, cancellationToken);
    }

    public async ValueTask<IReadOnlyList<BucketStatus>> ListAsync(Caller caller, CancellationToken cancellationToken)
    {
        var rows = await InTimeAsync(LookAsync(), cancellationToken);
        return [.. rows.Where(static row => row.IsLive).Select(Describe).OrderBy(static bucket => bucket.Name, StringComparer.Ordinal)];
    }

    public async ValueTask<(BucketStatus Bucket, bool IsNew)> AddAsync(Caller caller, string name, CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var rows = await InTimeAsync(LookAsync(), cancellationToken);
            if (rows.FirstOrDefault(row => row.Name == name) is { } there)
            {
                return (Describe(there), false);
            }

            RequireRoom(rows);
            var row = New(name, rows[^1].Id + 1);
            if (await InTimeAsync(AskAsync(session => session.AddBucket(row, FirstOf(row))), cancellationToken))
            {
                await ServeIfLedAsync(row, cancellationToken);
                return (Describe(row), true);
            }
        }

        throw new StoreException(ErrorCode.TooManyRequests, "other fronts make buckets at the same time; nothing was made", "try again");
    }

    public async ValueTask RemoveAsync(Caller caller, string name, bool force, CancellationToken cancellationToken)
    {
        if (name == BucketNames.Default)
        {
            BucketNames.ThrowKept();
        }

        var served = await ServedAsync(name, cancellationToken) ?? throw BucketNames.NotFound(name);
        await served.Commits.RemoveBucketAsync(force).WaitAsync(cancellationToken);
        Forget(served);
    }

    /// <summary>Before a planned stop: other fronts take the buckets that this one leads.</summary>
    public Task HandOverAsync() => Task.WhenAll(_served.Values.Where(static served => served.IsLed).Select(static async served =>
    {
        try
        {
            await served.TransferAsync();
        }
        catch (StoreException)
        {
            // There is no other front, or the database is away: the next one finds that this one is silent.
        }
    }));

    public void EndWatches()
    {
        foreach (var served in _served.Values)
        {
            served.EndWatches();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isStopping = true;
        }

        _upkeep.Seen = static _ => { };
        _threads.Dispose();
        foreach (var pair in _served)
        {
            if (_served.TryRemove(pair))
            {
                // At once: nothing is stepped any more.
                pair.Value.EndAsync().GetAwaiter().GetResult();
            }
        }
    }

    private static BucketStatus Describe(BucketRow row) => new()
    {
        Name = row.Name,
        Id = row.Id,
        ClusterId = row.ClusterId,
        Revision = row.Revision,
        KeyCount = row.KeyCount,
        Leader = row.Leader,
    };

    private static void RequireRoom(IReadOnlyList<BucketRow> rows)
    {
        if (rows.Count(static row => row.IsLive) >= SqlLimits.MaxBuckets)
        {
            throw new StoreException(
                ErrorCode.Conflict, $"a database has at most {SqlLimits.MaxBuckets} buckets; nothing was made", "remove one that is not needed any more");
        }
    }

    private BucketRow New(string name, long id) => new(
        id, name, ClusterIds.Draw(), new Swept(LogRow.First.Revision, 0), LogRow.First.Seq, _upkeep.HeirOf(id), LogRow.First.Revision, KeyCount: 0);

    /// <summary>It is led from the beginning.</summary>
    private static LogRow FirstOf(BucketRow row) => LogRow.First with { Epoch = 1, Leader = row.Leader };

    private async ValueTask<BucketServices?> FindAnewAsync(string name, CancellationToken cancellationToken) =>
        (await ServedAsync(name, cancellationToken))?.Services;

    private async ValueTask<ServedBucket?> ServedAsync(string name, CancellationToken cancellationToken)
    {
        if (_served.TryGetValue(name, out var served) && !served.IsEnded)
        {
            return served;
        }

        var rows = await InTimeAsync(LookAsync(), cancellationToken);
        return rows.FirstOrDefault(row => row.Name == name) is { } there ? await InTimeAsync(LoadAsync(there), cancellationToken) : null;
    }

    private async ValueTask ServeIfLedAsync(BucketRow row, CancellationToken cancellationToken)
    {
        if (row.Leader == _upkeep.Self)
        {
            await InTimeAsync(LoadAsync(row), cancellationToken);
        }
    }

    /// <summary>After each look of the upkeep, on its thread.</summary>
    private void LookThrough(IReadOnlyList<BucketRow> rows)
    {
        foreach (var served in _served.Values.Where(static served => served.IsEnded))
        {
            Forget(served);
        }

        foreach (var row in rows.Where(row => row.IsLive && row.Id != BucketRow.DefaultId && IsMine(row) && !IsServed(row)))
        {
            _ = LoadAsync(row);
        }
    }

    private bool IsServed(BucketRow row) => _served.TryGetValue(row.Name, out var served) && served.Row.Id == row.Id;

    private bool IsMine(BucketRow row) =>
        row.Leader == _upkeep.Self || (_upkeep.HeirOf(row.Id) == _upkeep.Self && _upkeep.SilenceOf(row.Leader) is not null);

    private void Forget(ServedBucket served)
    {
        if (_served.TryRemove(KeyValuePair.Create(served.Row.Name, served)))
        {
            End(served);
        }
    }

    /// <summary>Its steps may be under way, one of them perhaps the caller's.</summary>
    private void End(ServedBucket served) => _ = _threads.RunAsync(async () =>
    {
        await served.EndAsync();
        return served;
    });

    /// <summary>A look that has not begun yet answers all who ask until then.</summary>
    private Task<IReadOnlyList<BucketRow>> LookAsync()
    {
        lock (_gate)
        {
            RequireRunning();
            return _nextLook ??= _threads.RunAsync(LookSoonAsync);
        }
    }

    private async Task<IReadOnlyList<BucketRow>> LookSoonAsync()
    {
        await _looking.WaitAsync();
        try
        {
            var pause = LookPause - _time.GetElapsedTime(_lastLook);
            if (_lastLook != 0 && pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, _time);
            }

            lock (_gate)
            {
                _nextLook = null;
            }

            _lastLook = _time.GetTimestamp();
            return await AskAsync(static session => session.Buckets());
        }
        finally
        {
            _looking.Release();
        }
    }

    /// <returns>Null where it was removed meanwhile.</returns>
    private Task<ServedBucket?> LoadAsync(BucketRow row)
    {
        lock (_gate)
        {
            if (_isStopping)
            {
                return Task.FromException<ServedBucket?>(Stopping());
            }

            if (_served.TryGetValue(row.Name, out var served) && served.Row.Id == row.Id)
            {
                return Task.FromResult<ServedBucket?>(served);
            }

            if (!_loads.TryGetValue(row.Id, out var load))
            {
                load = _threads.RunAsync(() => LoadNowAsync(row));
                _loads[row.Id] = load;
            }

            return load;
        }
    }

    private async Task<ServedBucket?> LoadNowAsync(BucketRow row)
    {
        await _loading.WaitAsync();
        try
        {
            var database = _database.OfBucket(row);
            var start = await _threads.CallAsync(() => FrontLoader.Load(database));
            return start.Last.IsEnd ? null : Serve(database, row, start);
        }
        catch (DatabaseException failure)
        {
            SqlLog.BucketNotLoaded(_logger, row.Name, failure.Message);
            throw DatabaseAnswers.Of(failure);
        }
        finally
        {
            _loading.Release();
            lock (_gate)
            {
                _loads.Remove(row.Id);
            }
        }
    }

    /// <returns>Null where it was removed and made again while it was loaded, and the new one is served.</returns>
    private ServedBucket? Serve(IDatabase database, BucketRow row, FrontState start)
    {
        lock (_gate)
        {
            RequireRunning();
            if (_served.TryGetValue(row.Name, out var other))
            {
                if (other.Row.Id > row.Id)
                {
                    return null;
                }

                _served.TryRemove(row.Name, out _);
                End(other);
            }

            var served = _wire(database, row, start);
            SqlLog.BucketServed(_logger, row.Name, row.Id, start.Last.Seq, start.Last.Revision, start.Leases.ById.Weight);
            served.Start(_threads);
            _served[row.Name] = served;
            return served;
        }
    }

    private void RequireRunning()
    {
        if (_isStopping)
        {
            throw Stopping();
        }
    }

    private static StoreException Stopping() => new(ErrorCode.NotReady, "this front is shutting down", "ask another front");

    private Task<T> AskAsync<T>(Func<ISession, T> call) => _threads.CallAsync(() =>
    {
        try
        {
            using var session = _database.Open();
            return call(session);
        }
        catch (DatabaseException failure) when (failure.Fault == DatabaseFault.Unknown)
        {
            throw new StoreException(ErrorCode.UnknownOutcome, $"whether it was done is not known: {failure.Message}", "GET /buckets shows it");
        }
        catch (DatabaseException failure)
        {
            throw DatabaseAnswers.Of(failure);
        }
    });

    private async ValueTask<T> InTimeAsync<T>(Task<T> answer, CancellationToken cancellationToken)
    {
        try
        {
            return await answer.WaitAsync(_limits.RequestTimeLimit, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw DatabaseAnswers.Late(_limits.RequestTimeLimit);
        }
    }
}
