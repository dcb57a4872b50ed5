using System.Text;
using Raftd.Contract;
using Raftd.State.Leases;
using Raftd.State.Views;

namespace Raftd.State.Timekeeping;

/// <summary>Answers about leases. Which leases and keys there are comes from the view, what they have left from the
/// leader's memory; a member that does not lead answers the last checkpoint, or else the granted time.</summary>
public sealed partial class Lessor
{
    /// <summary>Null if there is no such lease.</summary>
    public LeaseTimeToLiveResponse? TimeToLive(long id)
    {
        var view = _state.View();
        if (view.FindLease(id) is not { } lease)
        {
            return null;
        }

        var keys = new List<LeaseKey>();
        foreach (var (key, record) in view.KeysOf(id, from: []))
        {
            keys.Add(new LeaseKey(key, RemainingSeconds(lease, record.OwnDeadline ? key : null)));
        }

        return new LeaseTimeToLiveResponse
        {
            Revision = view.Revision,
            Id = id,
            Name = lease.NameText,
            Status = lease.Status,
            GrantedTtlSeconds = lease.TtlSeconds,
            TtlSeconds = RemainingSeconds(lease, key: null),
            Keys = keys,
        };
    }

    /// <summary>Keys set by keepalives go by their own name, keys attached in another way by their full name.</summary>
    public LeasedKeyMatches LeasedKeys(LeasedKeysRequest request)
    {
        var view = _state.View();
        var items = new List<LeasedKeyMatch>();
        foreach (var lease in view.LeasesNamed(Encoding.UTF8.GetBytes(request.NamePrefix)))
        {
            AddKeys(view, lease, request, items);
        }

        return new LeasedKeyMatches(view.Revision, items);
    }

    public LeaseListResponse Leases(string namePrefix)
    {
        var view = _state.View();
        var items = new List<LeaseSummary>();
        foreach (var lease in view.LeasesNamed(Encoding.UTF8.GetBytes(namePrefix)))
        {
            items.Add(new LeaseSummary(
                lease.Id, lease.NameText, lease.Status, lease.TtlSeconds, RemainingSeconds(lease, key: null)));
        }

        return new LeaseListResponse { Revision = view.Revision, Items = items };
    }

    private void AddKeys(IStateView view, LeaseRecord lease, LeasedKeysRequest request, List<LeasedKeyMatch> items)
    {
        var ownAt = lease.FullKey([]).Length;
        foreach (var (key, record) in view.KeysOf(lease.Id, from: []))
        {
            var own = record.OwnDeadline ? key.AsMemory(ownAt) : key;
            var matches = request.Exact
                ? own.Span.SequenceEqual(request.Key.Span)
                : own.Span.StartsWith(request.Key.Span);
            if (matches)
            {
                items.Add(new LeasedKeyMatch(lease, key, own, RemainingSeconds(lease, record.OwnDeadline ? key : null)));
            }
        }
    }

    /// <summary>Whole seconds left of a lease, or of its key with its own deadline.</summary>
    /// <remarks>
    /// Rounded up: a lease just renewed shows what was granted, and 0 is shown only when nothing is left. Never negative,
    /// and the granted time while the lease's time has not begun.
    /// </remarks>
    private long RemainingSeconds(LeaseRecord lease, byte[]? key)
    {
        if (lease.IsUnclaimed)
        {
            return lease.TtlSeconds;
        }

        lock (_lock)
        {
            if (!_isPromoted || !_timers.TryGetValue(lease.Id, out var timer))
            {
                var milliseconds = lease.HasCheckpoint ? lease.CheckpointMilliseconds : lease.TtlSeconds * 1000;
                return Math.Min(lease.TtlSeconds, (milliseconds + 999) / 1000);
            }

            var deadline = timer.Deadline;
            if (key is not null && timer.FindKey(key) is { } keyTimer)
            {
                deadline = Math.Min(deadline, keyTimer.Deadline);
            }

            var ticks = Math.Max(0, deadline - Now());
            return Math.Min(lease.TtlSeconds, (ticks + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond);
        }
    }
}
