using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Simulation.Clients;
using Raftd.Simulation.Members;

namespace Raftd.Simulation.Faults;

/// <summary>A machine that was set up to join: it asks one member after the other, as the product does, until one takes it
/// in, and then starts. It does not give up.</summary>
internal sealed class Newcomer
{
    private readonly Cluster _cluster;
    private readonly Dice _dice;
    private JoinAttempts _attempts;

    public Newcomer(Cluster cluster, ulong id, Dice dice)
    {
        _cluster = cluster;
        Id = id;
        _dice = dice;
        _attempts = Begin();
    }

    /// <summary>How often it has asked.</summary>
    public int Attempts { get; private set; }

    public ulong Id { get; }

    public void Ask()
    {
        Attempts++;
        var target = Target();
        if (target.IsRetired)
        {
            // All that it was told of may be gone: its operator starts it again, and names others.
            _attempts = Begin();
            target = Target();
        }

        if (target.Running is { } member && target.PausedUntil <= _cluster.Scheduler.Now)
        {
            AskedOf<JoinResponse>.Send(member, member.Peers.Router.CallAsync(member.Peers.Calls.Join, Caller.Nobody, _attempts.Request), Ended);
        }
        else
        {
            Failed("it does not answer");
        }
    }

    private JoinAttempts Begin()
    {
        var info = Membership.Info(Id);
        var self = new MemberIdentity { Format = MemberIdentity.CurrentFormat, Instance = info.Instance, Label = info.Label };
        return new JoinAttempts(
            self,
            JoinAttempts.RequestOf(self, info.HttpAddress, info.PeerAddress, generator: null, SimulatedMember.NewestLevel),
            [.. _cluster.Members.Where(member => !member.IsRetired).Select(member => Membership.Info(member.Id).HttpAddress)],
            _dice,
            NullLogger.Instance);
    }

    private SimulatedMember Target() =>
        _cluster.Members.Single(member => Membership.Info(member.Id).HttpAddress == _attempts.Target);

    private void Ended(Ending ending, Task<JoinResponse> asked)
    {
        SafetyViolationException.Require(
            ending != Ending.Refused, $"m{Id} is refused: {asked.Exception?.InnerException?.Message}");
        if (ending == Ending.Done)
        {
            Joined(_attempts.Joined(asked.Result));
        }
        else
        {
            Failed(asked.Exception?.InnerException?.Message ?? "the connection broke");
        }
    }

    private void Joined(MemberIdentity identity)
    {
        SafetyViolationException.Require(
            identity.MemberId == Id && _cluster.Membership.IsMember(Id), $"m{Id} is told that it has joined as {identity.MemberId}");
        _cluster.Membership.Joined(this, identity);
    }

    private void Failed(string why)
    {
        var target = _attempts.Target;
        var pause = _attempts.Failed(why);
        _cluster.Say("admin", $"m{Id} has not joined through {target}: {why}");
        _cluster.Scheduler.After((long)pause.TotalMicroseconds, Ask);
    }
}
