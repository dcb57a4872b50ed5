// Leases: none ends early, and none lives for ever.
//
//   1. Early. A lease, and a key with a deadline of its own, is there for the time to live, counted from the moment at
//      which the last acknowledged renewal was asked for. The clocks of members run at their own rates, and the fastest
//      may be the one that counted.
//   2. Immortal. From the moment at which a renewal took effect (in the leader's memory, or as an entry that is applied)
//      it is gone after its time by the clocks of those who served, and what elections give back (LeaseCountdown).
//      Looked at in a steady beat, and only where the swarm TimesLeases.
//   3. What has ended leaves no key behind, and a client that asks for a renewal afterwards is told so, and no other is.

using System.Text;
using Raftd.Contract;
using Raftd.Simulation.Members;
using Raftd.State.Commands;

namespace Raftd.Simulation.Checkers;

internal sealed class LeaseChecker(Cluster cluster, Reign reign)
{
    // How long a member may lag and still be asked whether it agrees that a lease has ended.
    private const long Remembered = 30 * Scheduler.Second;
    private const long UnclaimedSeconds = 60;

    private readonly Dictionary<long, TrackedLease> _leases = [];
    private readonly HashSet<long> _refused = [];
    private readonly Dictionary<string, TrackedKey?> _keys = new(StringComparer.Ordinal);
    private long _lastServed;
    private long _lastForgot;

    private long Beat => Math.Max(20, cluster.Swarm.HeartbeatMilliseconds / 5) * Scheduler.Millisecond;

    public int Granted { get; private set; }

    public int Renewals { get; private set; }

    public int Ended { get; private set; }

    /// <summary>Found too short, and too long: a seed ends with the first.</summary>
    public int Early { get; private set; }

    public int Immortal { get; private set; }

    /// <summary>Leases that others than their holders may use.</summary>
    public IReadOnlyList<TrackedLease> Shared =>
        [.. _leases.Values.Where(lease => lease.IsShared && lease.EndedAt is null && lease.GrantIndex > 0)];

    /// <summary>Looks from now on whether a lease lives too long.</summary>
    public void Start() => cluster.Scheduler.After(Beat, () =>
    {
        Count();
        Start();
    });

    /// <summary>Before the grant is asked for.</summary>
    public TrackedLease Begin(long id, string name, long ttlSeconds, LeaseKind kind) =>
        Begin(new TrackedLease(id, name, ttlSeconds, cluster.Swarm.ClockSkew) { Kind = kind });

    /// <summary>Before a put with a time to live is asked for.</summary>
    public TrackedLease BeginHidden(long id, string key, long ttlSeconds) =>
        Begin(new TrackedLease(id, "", ttlSeconds, cluster.Swarm.ClockSkew) { IsHidden = true, PlainKey = key });

    /// <summary>Its client was told that it was surely not granted.</summary>
    public void WasNotGranted(TrackedLease lease)
    {
        SafetyViolationException.Require(
            lease.GrantIndex == 0, $"lease {lease.Id} was granted by entry {lease.GrantIndex}, its client was told that it was not");
        _leases.Remove(lease.Id);
        _refused.Add(lease.Id);
    }

    /// <summary>Its client was told that there is no such lease.</summary>
    public static void IsGone(TrackedLease lease) => SafetyViolationException.Require(
        lease.EndedAt is not null || lease.GrantIndex == 0, $"lease {lease.Id} has not ended, and was answered as if it had");

    /// <summary>Its client was told that it lives, by an answer to what was asked at that time.</summary>
    public void Holds(TrackedLease lease, long askedAt)
    {
        Renewals++;
        lease.HeldUntil = Math.Max(lease.HeldUntil, askedAt + lease.TtlMicroseconds);
        SafetyViolationException.Require(
            lease.EndedAt is not { } ended || ended >= askedAt,
            $"lease {lease.Id} ended at {lease.EndedAt}, and what was asked of it at {askedAt} was answered as if it lived");
        CheckEnd(lease);
    }

    /// <summary>As Holds, for the key of its own deadline as well.</summary>
    public void HoldsKey(TrackedLease lease, TrackedKey key, long askedAt)
    {
        key.HeldUntil = Math.Max(key.HeldUntil, askedAt + lease.TtlMicroseconds);
        Holds(lease, askedAt);
    }

    /// <summary>A REST grant was acknowledged, and nothing was asked of the lease so far.</summary>
    public void IsUnclaimed(TrackedLease lease, long askedAt) => lease.UnclaimedUntil = askedAt
        + (long)(Math.Max(lease.TtlSeconds, UnclaimedSeconds) * Scheduler.Second / (1 + cluster.Swarm.ClockSkew));

    /// <summary>Its leader has just renewed it, or one key of it, without an entry.</summary>
    public void RenewedInMemory(LeaseKeepAliveRequest request)
    {
        if (_leases.TryGetValue(request.Id, out var lease))
        {
            Renew(lease, request.Key is { } own ? lease.OwnKey(Encoding.UTF8.GetString(own.Span)) : null);
        }
    }

    /// <summary>Whether a put of this key may end something.</summary>
    public bool IsOfLease(ReadOnlySpan<byte> key) => _keys.ContainsKey(Encoding.UTF8.GetString(key));

    /// <summary>An entry is applied for the first time.</summary>
    public void Learn(ulong index, Command command)
    {
        switch (command)
        {
            case LeaseGrantCommand refused when _refused.Contains(refused.Id):
                SafetyViolationException.Require(
                    false, $"lease {refused.Id} was surely not granted, and entry {index} grants it");
                break;
            case LeaseGrantCommand grant when _leases.TryGetValue(grant.Id, out var lease):
                LearnGrant(lease, index, lease.Kind == LeaseKind.Rest);
                break;
            case LeaseKeepAliveCommand keepAlive when _leases.TryGetValue(keepAlive.Id, out var lease):
                LearnKeepAlive(lease, index, keepAlive);
                break;
            case PutCommand put:
                LearnPut(put, index);
                break;
            case DeleteRangeCommand delete:
                Forget(delete.Key.Span);
                break;
            case LeaseExpireCommand expire:
                foreach (var key in expire.Keys)
                {
                    if (_leases.TryGetValue(key.Id, out var lease))
                    {
                        lease.HasLostKey = true;
                    }
                }

                break;
        }
    }

    /// <summary>A member has applied something that may have ended leases.</summary>
    public void Look(Incarnation member, ulong applied)
    {
        foreach (var lease in _leases.Values)
        {
            if (lease.GrantIndex == 0 || lease.GrantIndex > applied)
            {
                continue;
            }

            if (member.Parts.Lessor.TimeToLive(lease.Id) is null)
            {
                End(member, lease);
                continue;
            }

            foreach (var key in lease.OwnKeys)
            {
                if (key.Index != 0 && key.Index <= applied && !key.IsContested && cluster.Scheduler.Now < key.HeldUntil
                    && !Has(member, key.Full, lease))
                {
                    Early++;
                    SafetyViolationException.Require(
                        false,
                        $"early: key {key.Full} is gone at {cluster.Scheduler.Now} on {member.Host.Name}, held until {key.HeldUntil}");
                }
            }
        }
    }

    private TrackedLease Begin(TrackedLease lease)
    {
        if (_lastForgot + Remembered < cluster.Scheduler.Now)
        {
            _lastForgot = cluster.Scheduler.Now;
            ForgetLongEnded();
        }

        _keys[lease.PlainKey] = null;
        return _leases[lease.Id] = lease;
    }

    private void ForgetLongEnded()
    {
        foreach (var old in _leases.Values.Where(old => old.EndedAt + Remembered < cluster.Scheduler.Now).ToArray())
        {
            _leases.Remove(old.Id);
        }
    }

    private void LearnGrant(TrackedLease lease, ulong index, bool isUnclaimed)
    {
        Granted++;
        lease.GrantIndex = index;
        lease.IsClaimed = !isUnclaimed;
        lease.Countdown = Countdown(
            isUnclaimed ? Math.Max(lease.TtlSeconds, UnclaimedSeconds) : lease.TtlSeconds, isKey: false);
    }

    private LeaseCountdown Countdown(long seconds, bool isKey) =>
        new(
            seconds * (double)Scheduler.Second,
            cluster.Swarm.HeartbeatMilliseconds * Scheduler.Millisecond,
            cluster.Swarm.SyncMicroseconds,
            isKey);

    private void LearnKeepAlive(TrackedLease lease, ulong index, LeaseKeepAliveCommand keepAlive)
    {
        TrackedKey? named = null;
        if (keepAlive.Key is { } key)
        {
            named = lease.OwnKey(Encoding.UTF8.GetString(key.Span));
            named.Index = index;
            named.Countdown ??= Countdown(lease.TtlSeconds, isKey: true);
            _keys[named.Full] = named;
        }

        lease.IsClaimed = true;
        Renew(lease, named);
    }

    private void LearnPut(PutCommand put, ulong index)
    {
        Forget(put.Key.Span);
        if (put.HiddenLease != 0 && _leases.TryGetValue(put.HiddenLease, out var hidden))
        {
            LearnGrant(hidden, index, isUnclaimed: false);
        }
        else if (put.Lease != 0 && _leases.TryGetValue(put.Lease, out var lease) && !lease.IsClaimed)
        {
            lease.IsClaimed = true;
            Renew(lease, named: null);
        }
    }

    /// <summary>The key has no deadline of its own any more, if it had one.</summary>
    private void Forget(ReadOnlySpan<byte> key)
    {
        if (_keys.GetValueOrDefault(Encoding.UTF8.GetString(key)) is { } own)
        {
            own.Countdown = null;
        }
    }

    private void Renew(TrackedLease lease, TrackedKey? named)
    {
        var full = lease.TtlSeconds * (double)Scheduler.Second;
        var term = cluster.Leader?.Raft.Term ?? 0;

        // A clock that stood still makes one beat of two renewals, so the gap between beats is that of the leader's own clock.
        var now = cluster.Leader is { } leader
            ? leader.Clock.GetTimestamp() / (double)TimeSpan.TicksPerMicrosecond
            : cluster.Scheduler.Now;
        lease.Countdown?.Renew(full, term, now);
        foreach (var key in lease.OwnKeys.Where(key => named is null || key == named))
        {
            key.Countdown?.Renew(full, term, now);
        }
    }

    private void Count()
    {
        var change = reign.Look();
        if (reign.Serving is not { } leader)
        {
            return;
        }

        var passed = (cluster.Scheduler.Now - _lastServed) * leader.Clock.Rate;
        _lastServed = cluster.Scheduler.Now;
        foreach (var lease in _leases.Values)
        {
            if (lease is not { EndedAt: null, Countdown: { } countdown })
            {
                continue;
            }

            Advance(countdown, change, passed, countdown.Gap);
            if (countdown.IsOver)
            {
                Immortal++;
                SafetyViolationException.Require(
                    false, $"immortal: lease {lease.Id} of {lease.TtlSeconds} s lives on {leader.Host.Name}: {countdown}");
            }

            foreach (var key in lease.OwnKeys)
            {
                CountKey(leader, lease, key, change, passed);
            }
        }
    }

    private void CountKey(Incarnation leader, TrackedLease lease, TrackedKey key, ReignChange change, double passed)
    {
        if (key.Countdown is not { } countdown)
        {
            return;
        }

        Advance(countdown, change, passed, Math.Max(countdown.Gap, lease.Countdown!.Gap));
        if (countdown.IsOver)
        {
            if (Has(leader, key.Full, lease))
            {
                Immortal++;
                SafetyViolationException.Require(
                    false, $"immortal: key {key.Full} of a lease of {lease.TtlSeconds} s lives on {leader.Host.Name}: {countdown}");
            }

            key.Countdown = null;
        }
    }

    private static void Advance(LeaseCountdown countdown, ReignChange change, double passed, double gap)
    {
        switch (change)
        {
            case ReignChange.Began:
                countdown.Elect();
                break;
            case ReignChange.Resumed:
                countdown.Resume();
                break;
            default:
                countdown.Serve(passed, gap);
                break;
        }
    }

    private void End(Incarnation member, TrackedLease lease)
    {
        SafetyViolationException.Require(
            !Has(member, lease.PlainKey, lease) && !lease.OwnKeys.Any(key => Has(member, key.Full, lease)),
            $"lease {lease.Id} is gone on {member.Host.Name} and has left a key behind");
        if (lease.EndedAt is null)
        {
            Ended++;
            lease.EndedAt = cluster.Scheduler.Now;
            if (cluster.Trace.IsPrinting)
            {
                cluster.Trace.Detail(cluster.Scheduler.Now, member.Host.Name, $"lease {lease.Id} has ended");
            }
        }

        CheckEnd(lease);
    }

    private void CheckEnd(TrackedLease lease)
    {
        var heldUntil = Math.Max(lease.HeldUntil, lease.UnclaimedUntil);
        if (lease.IsRevoked || (lease.IsContested && lease.HasLostKey) || lease.EndedAt is not { } ended || ended >= heldUntil)
        {
            return;
        }

        Early++;
        SafetyViolationException.Require(
            false, $"early: lease {lease.Id} ended at {ended}, its client was told that it holds until {heldUntil}");
    }

    /// <remarks>Without its value, which may be damaged: a look from outside must not be what finds that.</remarks>
    private static bool Has(Incarnation member, string key, TrackedLease lease) =>
        member.Parts.State.Range(new RangeRequest { Key = Encoding.UTF8.GetBytes(key), KeysOnly = true }).Items
            is [var item] && item.Lease == lease.Id;
}
