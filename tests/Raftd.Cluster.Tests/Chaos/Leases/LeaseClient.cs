using System.Diagnostics;
using System.Globalization;
using System.Text;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Cluster.Tests.Chaos.Leases;

/// <summary>Takes one lease after the other, through any member: renews it for a while, and lets go of it or revokes it.</summary>
internal sealed class LeaseClient(IReadOnlyList<Member> members, Random random, string name)
{
    private const int LeastSeconds = 2;
    private const int MostSeconds = 4;
    private const int MostRenewals = 12;

    // One of so many is revoked.
    private const int LeasesToOneRevoked = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    // For so long a lease is there that was granted and never used (docs/leases.md).
    private static readonly TimeSpan Unused = TimeSpan.FromSeconds(60);

    private readonly List<HeldLease> _left = [];
    private Member _member = members[random.Next(members.Count)];
    private int _number;

    /// <summary>Leases that had a key.</summary>
    public int Held { get; private set; }

    /// <summary>Renewals that were acknowledged.</summary>
    public int Renewals { get; private set; }

    /// <summary>Leases that were renewed no more, and ended.</summary>
    public int Ended { get; private set; }

    /// <summary>Leases that ended between renewals: none was acknowledged in time.</summary>
    public int Lapsed { get; private set; }

    public int Revoked { get; private set; }

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            if (await TakeAsync() is { } lease && await RenewForAWhileAsync(lease, stop))
            {
                await EndAsync(lease, stop);
            }
        }
    }

    /// <summary>What was let go of when the client stopped, and is renewed by nobody, ends.</summary>
    public async Task AwaitEndsAsync()
    {
        foreach (var lease in _left)
        {
            await Until.TrueAsync($"{lease} ends", Havoc.Limit, () => IsGoneAsync(lease));
            Ended++;
        }

        _left.Clear();
    }

    /// <returns>Null where it has no key, as far as is known: then it ends by itself.</returns>
    private async Task<HeldLease?> TakeAsync()
    {
        var time = TimeSpan.FromSeconds(random.Next(LeastSeconds, MostSeconds + 1));
        var sent = Stopwatch.GetTimestamp();
        var grant = await AskAsync(HttpMethod.Post, string.Create(CultureInfo.InvariantCulture, $"/lease/grant?ttl={time.TotalSeconds:0}&name=/{name}"));
        if (grant is null)
        {
            return null;
        }

        Require(grant.Status == 200, $"a grant was answered with {grant}");
        var lease = new HeldLease(grant.Text.Trim(), string.Create(CultureInfo.InvariantCulture, $"/key/{name}/{_number++}"), time);
        lease.LastFrom(sent, Unused);
        sent = Stopwatch.GetTimestamp();
        if (await AskAsync(HttpMethod.Put, $"{lease.Key}?lease={lease.Id}", "held") is not { } put || IsGone(lease, put))
        {
            return null;
        }

        lease.LastFrom(sent, lease.Time);
        Held++;
        return lease;
    }

    /// <returns>False: it has ended meanwhile.</returns>
    private async Task<bool> RenewForAWhileAsync(HeldLease lease, CancellationToken stop)
    {
        for (var left = random.Next(MostRenewals + 1); left > 0 && !stop.IsCancellationRequested; left--)
        {
            await Task.WhenAny(Task.Delay(lease.Time / 4, stop));
            if (!await RenewAsync(lease) || await IsGoneAsync(lease))
            {
                Lapsed++;
                return false;
            }
        }

        return true;
    }

    private async Task<bool> RenewAsync(HeldLease lease)
    {
        var sent = Stopwatch.GetTimestamp();
        if (await AskAsync(HttpMethod.Post, $"/lease/keepalive/{lease.Id}") is not { } answer)
        {
            return true;
        }

        if (IsGone(lease, answer))
        {
            return false;
        }

        lease.LastFrom(sent, lease.Time);
        Renewals++;
        return true;
    }

    private async Task EndAsync(HeldLease lease, CancellationToken stop)
    {
        if (random.Next(LeasesToOneRevoked) == 0)
        {
            await RevokeAsync(lease);
            return;
        }

        while (!stop.IsCancellationRequested)
        {
            if (await IsGoneAsync(lease))
            {
                Ended++;
                return;
            }

            await Task.WhenAny(Task.Delay(Pause, stop));
        }

        _left.Add(lease);
    }

    /// <remarks>Where it is not known what came of it, the lease ends by itself, soon or later.</remarks>
    private async Task RevokeAsync(HeldLease lease)
    {
        if (await AskAsync(HttpMethod.Post, $"/lease/revoke/{lease.Id}") is not { } answer || IsGone(lease, answer))
        {
            return;
        }

        var read = await AskAsync(HttpMethod.Get, lease.Key);
        Require(read is not { Status: 200 }, $"{lease} was revoked, and the key was read: {read}");
        Revoked++;
    }

    private async Task<bool> IsGoneAsync(HeldLease lease) => await AskAsync(HttpMethod.Get, lease.Key) is { } read && IsGone(lease, read);

    private static bool IsGone(HeldLease lease, Answer answer)
    {
        Require(answer.Status is 200 or 404, $"{lease}: {answer}");
        if (answer.Status == 404)
        {
            lease.TakeForGone(answer.ToString());
        }

        return answer.Status == 404;
    }

    /// <returns>Null where it was refused, or its outcome is not known; the next request goes to another member.</returns>
    private async Task<Answer?> AskAsync(HttpMethod method, string target, string? body = null)
    {
        try
        {
            var answer = await _member.SendAsync(method, target, body is null ? null : Encoding.UTF8.GetBytes(body), Patience);
            if (answer.Status is not (503 or 504 or 429 or 507))
            {
                return answer;
            }
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            // The member is gone, or stands still.
        }

        _member = members[random.Next(members.Count)];
        await Task.Delay(Pause);
        return null;
    }
}
