using Microsoft.Extensions.Logging;
using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Node.Peers;
using Raftd.Node.Service;
using Raftd.Store;

namespace Raftd.Node.Replication;

/// <summary>Raises and clears the alarms of quota and disks, each by an entry, as soon as its condition changes.</summary>
/// <remarks>
/// On the leader's replica thread. The conditions come from the gate, this member's own log, and the last reports of the
/// peers. A silent peer does not count as full: it takes no entries anyway, and must not hold up the others' writes. Alarms
/// raised by the operator stay; all alarms of a removed member are cleared.
/// </remarks>
internal sealed class SpaceAlarms(
    Replica replica, StateMachine state, QuotaGate gate, Func<bool> isDiskFull, PeerReports reports, ILogger logger)
{
    private static readonly Alarm QuotaAlarm = new(AlarmKind.NoSpace, AlarmCause.Quota, MemberId: 0);

    private Task _proposed = Task.CompletedTask;

    /// <summary>At each tick. One change at a time: the next one is decided by the state that this one leaves.</summary>
    public void Tick()
    {
        if (!_proposed.IsCompleted
            || Next(state.View().Alarms, replica.Status.CommittedMembers, gate.IsFull, IsDiskFull) is not { } change)
        {
            return;
        }

        var (alarm, raise) = change;
        if (raise)
        {
            NodeLog.AlarmRaised(logger, AlarmViews.Name(alarm.Kind), alarm.Cause, alarm.MemberId);
            _proposed = replica.ProposeFromLoop(replica.OwnCommands.AlarmRaise(alarm));
        }
        else
        {
            NodeLog.AlarmCleared(logger, AlarmViews.Name(alarm.Kind), alarm.Cause, alarm.MemberId);
            _proposed = replica.ProposeFromLoop(replica.OwnCommands.AlarmClear(alarm));
        }
    }

    /// <summary>The next alarm to clear or to raise, or null.</summary>
    /// <param name="standing">The alarms that are raised now.</param>
    /// <param name="members">The committed members: a removal that is rolled back must have cleared nothing.</param>
    /// <param name="isQuotaFull">From the gate.</param>
    /// <param name="isDiskFull">Whether the disk of a member is full.</param>
    internal static (Alarm Alarm, bool Raise)? Next(
        IReadOnlyList<Alarm> standing, MemberTable members, bool isQuotaFull, Func<ulong, bool> isDiskFull)
    {
        foreach (var alarm in standing)
        {
            if (IsOver(alarm))
            {
                return (alarm, false);
            }
        }

        if (isQuotaFull && !standing.Contains(QuotaAlarm))
        {
            return (QuotaAlarm, true);
        }

        foreach (var member in members.Members)
        {
            var alarm = new Alarm(AlarmKind.NoSpace, AlarmCause.Disk, member.Id);
            if (isDiskFull(member.Id) && !standing.Contains(alarm))
            {
                return (alarm, true);
            }
        }

        return null;

        bool IsOver(Alarm alarm) => alarm.Cause switch
        {
            AlarmCause.Quota => !isQuotaFull,
            AlarmCause.Disk => members.Find(alarm.MemberId) is null || !isDiskFull(alarm.MemberId),
            _ => alarm.MemberId != 0 && members.Find(alarm.MemberId) is null,
        };
    }

    private bool IsDiskFull(ulong member) =>
        member == replica.Raft.Id.Value ? isDiskFull() : reports.Find(member) is { IsDiskFull: true };
}
