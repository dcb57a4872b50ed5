// Who leads, as this front knows it from the log: the leader keeps the time of the leases, and does what has to be done once.
//
// A log row names the leader of its epoch. Leading is no right to write: any front may commit a row. It decides who ends leases and
// who acknowledges renewals without a row, and both are fenced: an expiry of another epoch is void, and a renewal is acknowledged only
// after a look at the log that still shows the own epoch.

using Microsoft.Extensions.Logging;
using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Leading;
using Raftd.State.Timekeeping;

namespace Raftd.Sql.Fronts;

/// <summary>Follows the leadership, and does the leader's duties. On the commit loop's thread.</summary>
internal sealed class Leading
{
    // Leases and keys that a new leader takes in between two batches.
    private const int LeasesPerStep = 4096;

    private static readonly Alarm QuotaAlarm = new(AlarmKind.NoSpace, AlarmCause.Quota, MemberId: 0);

    private static readonly TimeSpan DutyInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan CompactionInterval = TimeSpan.FromSeconds(1);

    private readonly ulong _self;
    private readonly string _bucket;
    private readonly FrontBoard _board;
    private readonly CommitLoop _commits;
    private readonly Lessor _lessor;
    private readonly LeaseDuties _leases;
    private readonly CompactionPolicy _policy;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private ulong _followed = ulong.MaxValue;
    private Task _compaction = Task.CompletedTask;
    private Task _alarm = Task.CompletedTask;
    private long _lastDuty;
    private long _lastCompaction;

    public Leading(
        ulong self, string bucket, FrontBoard board, CommitLoop commits, Lessor lessor, FrontOptions options, TimeProvider time, ILogger logger)
    {
        _self = self;
        _bucket = bucket;
        _board = board;
        _commits = commits;
        _lessor = lessor;
        _time = time;
        _logger = logger;
        _leases = new LeaseDuties(lessor, static () => Own, commits.ProposeAsync);
        _policy = new CompactionPolicy(options.QuotaBytes);
    }

    private static CommandFactory Own => new(Caller.System, FeatureLevel.Newest);

    /// <summary>After each step of the commit loop.</summary>
    /// <returns>True while leases are taken in.</returns>
    public bool Step()
    {
        var last = _board.State.Last;
        if (last.Epoch != _followed || (last.Leader == _self && !_lessor.IsPromoted))
        {
            _followed = last.Epoch;
            Follow(last.Leader, last.Epoch);
        }

        var isLoading = _lessor.Load(LeasesPerStep);
        if (_time.GetElapsedTime(_lastDuty) < DutyInterval)
        {
            return isLoading;
        }

        _lastDuty = _time.GetTimestamp();
        _leases.Settle();
        if (last.Leader == _self && _board.Fence is null)
        {
            _leases.Tick();
            CompactIfDue();
            SetQuotaAlarm();
        }

        return isLoading;
    }

    /// <summary>One change at a time, as soon as its condition changes. Another front that refuses a write raises none; its writes come
    /// here, or are refused there in the same words.</summary>
    private void SetQuotaAlarm()
    {
        var stands = _board.State.Alarms.Contains(QuotaAlarm);
        if (_alarm.IsCompleted && _commits.IsQuotaFull != stands)
        {
            _alarm = _commits.ProposeAsync(stands ? Own.AlarmClear(QuotaAlarm) : Own.AlarmRaise(QuotaAlarm));
        }
    }

    private void Follow(ulong leader, ulong epoch)
    {
        if (leader == _self)
        {
            SqlLog.Leading(_logger, _bucket, epoch);
            _lessor.Promote(epoch);
        }
        else
        {
            if (leader != 0)
            {
                // Nobody before the first election, and behind the end of a bucket.
                SqlLog.Following(_logger, leader, _bucket, epoch);
            }

            _lessor.Demote();
        }
    }

    private void CompactIfDue()
    {
        if (!_compaction.IsCompleted || _time.GetElapsedTime(_lastCompaction) < CompactionInterval)
        {
            return;
        }

        _lastCompaction = _time.GetTimestamp();
        var view = _board.View();
        if ((_policy.ForRoom(view, isAwaited: false) ?? _policy.Next(view, _time)) is { } revision)
        {
            SqlLog.Compacting(_logger, revision);
            _compaction = _commits.ProposeAsync(Own.Compact(revision));
        }
    }
}
