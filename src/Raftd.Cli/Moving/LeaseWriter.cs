// Leases of an export into the target.
//
// A lease is granted anew with its whole time, as a restored backup does it: how long the file lay about is not known. The keys
// that have it may come much later, so what is granted is renewed until the import has ended; then it begins to count.

using System.Diagnostics;
using Raftd.Api.Wire;

namespace Raftd.Cli.Moving;

internal sealed class LeaseWriter(Remote target) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(300);

    /// <summary>Renewals on one stream.</summary>
    private const int MaxRenewals = 1000;

    private readonly Dictionary<long, MovedLease> _granted = [];
    private readonly PriorityQueue<long, long> _due = new();
    private readonly Lock _lock = new(); // guards both
    private readonly CancellationTokenSource _ended = new();
    private Task _renewing = Task.CompletedTask;

    public int Count => _granted.Count;

    public async Task GrantAsync(MovedLease lease, CancellationToken stop)
    {
        if (lease.Name.Length > 0 ? !await TryGrantNamedAsync(lease, stop) : !await TryGrantAsync(lease, stop))
        {
            await RequireSameAsync(lease, stop);
        }

        lock (_lock)
        {
            _granted[lease.Id] = lease;
            _due.Enqueue(lease.Id, DueAfter(lease));
        }

        if (_renewing.IsCompletedSuccessfully && !_ended.IsCancellationRequested)
        {
            _renewing = Task.Run(RenewAsync, CancellationToken.None);
        }
    }

    /// <returns>Null for one that was not in the file.</returns>
    public MovedLease? Find(long id) => _granted.GetValueOrDefault(id);

    /// <summary>Lets the leases count.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ended.Dispose();
    }

    private static long DueAfter(MovedLease lease) => Stopwatch.GetTimestamp() + (Stopwatch.Frequency * lease.GrantedTtl / 3);

    private async Task<bool> TryGrantNamedAsync(MovedLease lease, CancellationToken stop)
    {
        var query = $"/lease/grant?ttl={lease.GrantedTtl}&name={Uri.EscapeDataString(lease.Name)}&id={lease.Id}";
        var answer = await target.RestAsync(HttpMethod.Post, query, body: null, stop);
        return answer.Status switch
        {
            200 => true,
            409 => false,
            _ => throw new MoveException($"{target.Url} refused the lease {lease.Id} ({lease.Name}): {answer.ErrorText}", "is it a raftd of this release?"),
        };
    }

    private async Task<bool> TryGrantAsync(MovedLease lease, CancellationToken stop)
    {
        try
        {
            await target.CallAsync(
                EtcdMethods.LeaseGrant, new LeaseGrantRequest { ID = lease.Id, TTL = lease.GrantedTtl }, LeaseGrantResponse.Parser, stop);
            return true;
        }
        catch (GrpcFailure taken) when (taken.IsTakenLease)
        {
            return false;
        }
    }

    /// <summary>An earlier run of the same import has granted it, or a call that was not answered.</summary>
    private async Task RequireSameAsync(MovedLease lease, CancellationToken stop)
    {
        var answer = await target.RestAsync(HttpMethod.Get, $"/lease/timetolive/{lease.Id}", body: null, stop);
        if (answer.Status == 404)
        {
            throw new MoveException($"the lease {lease.Id} ended at the target meanwhile", "give the same command again");
        }

        using var json = answer.Json();
        if (json.RootElement.GetProperty("granted_ttl").GetInt64() != lease.GrantedTtl
            || json.RootElement.GetProperty("name").GetString() != lease.Name)
        {
            throw new MoveException(
                $"the target has another lease {lease.Id}", "revoke it there if it is not in use, or import into an empty cluster");
        }
    }

    private async Task RenewAsync()
    {
        using var timer = new PeriodicTimer(Interval);
        while (await timer.WaitForNextTickAsync(_ended.Token))
        {
            while (Due() is { Count: > 0 } due)
            {
                await target.CallManyAsync(
                    EtcdMethods.LeaseKeepAlive,
                    [.. due.Select(static lease => new LeaseKeepAliveRequest { ID = lease.Id })],
                    LeaseKeepAliveResponse.Parser,
                    _ended.Token);
            }
        }
    }

    private List<MovedLease> Due()
    {
        var due = new List<MovedLease>();
        lock (_lock)
        {
            while (due.Count < MaxRenewals && _due.TryPeek(out var id, out var at) && at <= Stopwatch.GetTimestamp())
            {
                var lease = _granted[id];
                due.Add(lease);
                _due.DequeueEnqueue(id, DueAfter(lease));
            }
        }

        return due;
    }
}
