using Microsoft.Extensions.Logging;
using Raftd.Contract;
using Raftd.Node.Peers;
using Raftd.Node.Service;
using Raftd.Store.Commands;
using Raftd.Store.Mvcc;

namespace Raftd.Node.Replication;

/// <summary>Raises and clears the alarms of quota and disks, each by an entry, as soon as they hold or do not.</summary>
/// <remarks>
/// On the leader's replica thread. What holds is told by what is known now: the gate, this member's own log, and what the
/// peers reported last. A peer that is silent has no full disk: it takes no entries, and must not hold up the others' writes.
/// An operator's alarm is the operator's; one of a member that was removed is cleared, whatever its cause.
/// </remarks>
internal sealed class SpaceAlarms(
    Replica replica, StateMachine state, QuotaGate gate, Func<bool> isDiskFull, PeerReports reports, ILogger logger)
{
    private static readonly Alarm QuotaAlarm = new(AlarmKind.NoSpace, AlarmCause.Quota, MemberId: 0);

    private Task _proposed = Task.CompletedTask;

    /// <summary>At each tick. One change at a time: the next one is told from what that has left.</summary>
    public void Tick()
    {
        if (!_proposed.IsCompleted)
        {
            return;
        }

        var standing = state.View().Alarms;
        if (Clearable(standing) is { } over)
        {
            NodeLog.AlarmCleared(logger, AlarmViews.Name(over.Kind), over.Cause, over.MemberId);
            _proposed = replica.ProposeFromLoop(CommandFactory.AlarmClear(over));
        }
        else if (Raisable(standing) is { } due)
        {
            NodeLog.AlarmRaised(logger, AlarmViews.Name(due.Kind), due.Cause, due.MemberId);
            _proposed = replica.ProposeFromLoop(CommandFactory.AlarmRaise(due));
        }
    }

    private Alarm? Clearable(IReadOnlyList<Alarm> standing)
    {
        foreach (var alarm in standing)
        {
            if (IsOver(alarm))
            {
                return alarm;
            }
        }

        return null;
    }

    private bool IsOver(Alarm alarm) => alarm.Cause switch
    {
        AlarmCause.Quota => !gate.IsFull,
        AlarmCause.Disk => !HasMember(alarm.MemberId) || !IsDiskFull(alarm.MemberId),
        AlarmCause.Divergence => !HasMember(alarm.MemberId),
        _ => alarm.MemberId != 0 && !HasMember(alarm.MemberId),
    };

    private Alarm? Raisable(IReadOnlyList<Alarm> standing)
    {
        if (gate.IsFull && !standing.Contains(QuotaAlarm))
        {
            return QuotaAlarm;
        }

        foreach (var member in replica.Status.Members.Members)
        {
            var alarm = new Alarm(AlarmKind.NoSpace, AlarmCause.Disk, member.Id);
            if (IsDiskFull(member.Id) && !standing.Contains(alarm))
            {
                return alarm;
            }
        }

        return null;
    }

    private bool HasMember(ulong id) => replica.Status.Members.Find(id) is not null;

    private bool IsDiskFull(ulong member) =>
        member == replica.Raft.Id.Value ? isDiskFull() : reports.Find(member) is { IsDiskFull: true };
}
