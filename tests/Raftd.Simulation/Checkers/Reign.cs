using Raftd.Simulation.Members;

namespace Raftd.Simulation.Checkers;

/// <summary>Who serves: the leader that has applied the first entry of its term, is awake, is not handing over, and is
/// followed by a majority that it reaches. Only then may a client expect that something is done in time.</summary>
internal sealed class Reign(Cluster cluster)
{
    private ulong _lastLeader;
    private Incarnation? _lastIncarnation;

    /// <summary>Null while none does.</summary>
    public Incarnation? Serving { get; private set; }

    public ulong Term { get; private set; }

    /// <summary>How often another member served than the one before.</summary>
    public int Changes { get; private set; }

    /// <returns>What has become of it since the last look.</returns>
    public ReignChange Look()
    {
        var before = Serving;
        Serving = cluster.Leader is { } leader && IsServing(leader) ? leader : null;
        if (Serving is not { } now)
        {
            return ReignChange.None;
        }

        if (_lastIncarnation == now && Term == now.Raft.Term)
        {
            return before is null ? ReignChange.Resumed : ReignChange.Goes;
        }

        Changes += _lastLeader != 0 && _lastLeader != now.Host.Id ? 1 : 0;
        (_lastLeader, _lastIncarnation, Term) = (now.Host.Id, now, now.Raft.Term);
        return ReignChange.Began;
    }

    private bool IsServing(Incarnation leader) =>
        leader.Replica.Status.IsPromoted
        && leader.Raft.HasCommittedInTerm
        && leader.Raft.TransferTarget == default
        && IsAwake(leader)
        && cluster.RunningMembers.All(member => member.Raft.Term <= leader.Raft.Term)
        && 2 * leader.Raft.Configuration.Voters.Count(voter => Follows(voter.Value, leader)) > leader.Raft.Configuration.Voters.Length;

    private bool Follows(ulong id, Incarnation leader) =>
        cluster.Find(id)?.Running is { } member
        && (member == leader
            || (IsAwake(member)
                && member.Raft.Term == leader.Raft.Term
                && member.Raft.Leader == leader.Raft.Id
                && member.Raft.LastIndex >= leader.Raft.Commit
                && !cluster.Network.IsCut(id, leader.Host.Id)
                && !cluster.Network.IsCut(leader.Host.Id, id)));

    private bool IsAwake(Incarnation member) => member.Host.PausedUntil <= cluster.Scheduler.Now;
}

internal enum ReignChange
{
    /// <summary>No member serves.</summary>
    None,

    /// <summary>Another leader than the last one, or the same in another term.</summary>
    Began,

    /// <summary>The same one again after a time in which none did.</summary>
    Resumed,

    Goes,
}
