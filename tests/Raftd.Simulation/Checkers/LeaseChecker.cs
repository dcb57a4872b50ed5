using System.Text;
using Raftd.Simulation.Members;
using Raftd.Store.Commands;

namespace Raftd.Simulation.Checkers;

/// <summary>No lease, and no key of a lease, ends before its time as its client may count it: from the moment at which the
/// last acknowledged renewal was asked for. The clocks of members run at their own rates, and the fastest may be the one
/// that counted.</summary>
internal sealed class LeaseChecker(Cluster cluster)
{
    private readonly Dictionary<long, TrackedLease> _leases = [];

    public int Renewals { get; private set; }

    public int Ended { get; private set; }

    public int Open => _leases.Count;

    /// <summary>Before the grant is asked for.</summary>
    public TrackedLease Begin(long id, string name, long ttlSeconds) =>
        _leases[id] = new TrackedLease(id, name, (long)(ttlSeconds * Scheduler.Second / (1 + cluster.Swarm.ClockSkew)));

    /// <summary>Its client was told that it lives, by an answer to what was asked at that time.</summary>
    public void Holds(TrackedLease lease, long askedAt)
    {
        Renewals++;
        lease.HeldUntil = Math.Max(lease.HeldUntil, askedAt + lease.TtlMicroseconds);
        CheckEnd(lease);
    }

    /// <summary>As Holds, for the key of its own deadline as well.</summary>
    public void HoldsKey(TrackedLease lease, long askedAt)
    {
        lease.KeyHeldUntil = Math.Max(lease.KeyHeldUntil, askedAt + lease.TtlMicroseconds);
        Holds(lease, askedAt);
    }

    public void Learn(ulong index, Command command)
    {
        if (command is LeaseGrantCommand grant && _leases.TryGetValue(grant.Id, out var granted))
        {
            granted.GrantIndex = index;
        }
        else if (command is LeaseKeepAliveCommand { Key: not null } keepAlive
            && _leases.TryGetValue(keepAlive.Id, out var lease))
        {
            lease.KeyIndex = index;
        }
    }

    /// <summary>A member has applied something that may have ended leases.</summary>
    public void Look(Incarnation member, ulong applied)
    {
        foreach (var lease in _leases.Values.ToArray())
        {
            if (lease.GrantIndex == 0 || lease.GrantIndex > applied)
            {
                continue;
            }

            if (member.Parts.Lessor.TimeToLive(lease.Id) is null)
            {
                End(member, lease);
            }
            else if (lease.KeyIndex != 0 && lease.KeyIndex <= applied && !Has(member, lease.OwnKey))
            {
                SafetyViolationException.Require(
                    cluster.Scheduler.Now >= lease.KeyHeldUntil,
                    $"key {lease.OwnKey} is gone at {cluster.Scheduler.Now} on {member.Host.Name}, held until {lease.KeyHeldUntil}");
            }
        }
    }

    private void End(Incarnation member, TrackedLease lease)
    {
        SafetyViolationException.Require(
            !Has(member, lease.PlainKey) && !Has(member, lease.OwnKey),
            $"lease {lease.Id} is gone on {member.Host.Name} and has left a key behind");
        if (lease.EndedAt is null)
        {
            Ended++;
            lease.EndedAt = cluster.Scheduler.Now;
        }

        CheckEnd(lease);
    }

    private static void CheckEnd(TrackedLease lease) => SafetyViolationException.Require(
        lease.IsRevoked || lease.EndedAt is not { } ended || ended >= lease.HeldUntil,
        $"lease {lease.Id} ended at {lease.EndedAt}, its client was told that it holds until {lease.HeldUntil}");

    private static bool Has(Incarnation member, string key) =>
        member.Parts.State.TryGet(Encoding.UTF8.GetBytes(key), out _);
}

/// <summary>A lease as its client knows it. Times are the scheduler's.</summary>
internal sealed class TrackedLease(long id, string name, long ttlMicroseconds)
{
    public long Id { get; } = id;

    /// <summary>The shortest that its time to live can take.</summary>
    public long TtlMicroseconds { get; } = ttlMicroseconds;

    /// <summary>Attached by a put.</summary>
    public string PlainKey { get; } = $"attached-{id}";

    /// <summary>Set by a keepalive, with a deadline of its own.</summary>
    public string OwnKey { get; } = $"{name}/{id}/own";

    public long HeldUntil { get; set; }

    public long KeyHeldUntil { get; set; }

    /// <summary>0 until its grant is applied.</summary>
    public ulong GrantIndex { get; set; }

    /// <summary>Of the last entry that sets its own key; 0 until it is set.</summary>
    public ulong KeyIndex { get; set; }

    public long? EndedAt { get; set; }

    /// <summary>Its client has asked for its end.</summary>
    public bool IsRevoked { get; set; }
}
