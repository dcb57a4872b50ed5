using Raftd.Raft;
using Raftd.Simulation.Checkers;
using Raftd.Simulation.Clients;
using Raftd.Simulation.Members;
using Raftd.Store;
using Raftd.Testing.Buckets;
using Raftd.Testing.Disks;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Simulation;

/// <summary>The end of a simulation: nothing goes wrong any more, and the cluster must come to life and to one state by
/// itself, within bounds of virtual time that a healthy one keeps by far.</summary>
internal sealed class QuietPhase(Cluster cluster, IReadOnlyList<Client> clients)
{
    private const long ConvergenceLimit = 60 * Scheduler.Second;

    private long ServiceLimit => Math.Max(60 * Scheduler.Second, 20 * cluster.Swarm.ThinkMicroseconds);

    public void Run()
    {
        MustServe();
        MustTakeIn();
        Require(
            Until(ConvergenceLimit, () => cluster.Replacement.IsDone),
            $"liveness: {cluster.Members.Count(member => member.IsCondemned && !member.IsRetired)} members are never replaced");
        Require(Until(ConvergenceLimit, HasRisen), $"liveness: all members know level {SimulatedMember.NewestLevel}, and it does not rise");
        if (cluster.Swarm.LeavesBehindAtEnd)
        {
            new LeftBehind(cluster).Run();
        }

        foreach (var client in clients)
        {
            client.IsStopping = true;
        }

        // A client that rests between two renewals stops when it would go on.
        var stopLimit = ServiceLimit + (2 * cluster.Swarm.LongestPauseSeconds * Scheduler.Second);
        var haveStopped = Until(stopLimit, () => clients.All(client => client.HasStopped));
        var waiting = clients.Where(client => !client.HasStopped).Select(client => client.Name);
        Require(haveStopped, $"liveness: requests never ended, of {string.Join(' ', waiting)}");
        MustConverge();

        // A REST lease whose grant was not answered is unclaimed for a minute, by the slowest clock.
        var leaseLimit = Math.Max(120, cluster.Swarm.LeaseTtls.Max() * 3 / 2) * Scheduler.Second;
        Require(
            Until(leaseLimit, () => cluster.RunningMembers.All(member => member.Parts.State.View().LeaseCount == 0)),
            $"liveness: {cluster.RunningMembers.Max(member => member.Parts.State.View().LeaseCount)} leases never ended");
        MustConverge();
        MustBeAtRest();
        Verify();
        if (cluster.Swarm.RestartsAtEnd)
        {
            RestartAll();
            MustConverge();
            Verify();
        }
    }

    /// <summary>Every client that writes gets a few writes through.</summary>
    private void MustServe()
    {
        var writers = clients.OfType<KeyClient>().ToArray();
        var before = writers.Select(writer => writer.Acknowledged).ToArray();
        var serves = Until(
            ServiceLimit, () => writers.Zip(before).All(pair => pair.First.Acknowledged >= pair.Second + 3));
        Require(serves, $"liveness: no writes go through although all is mended; leader {cluster.Leader?.Host.Name ?? "none"}");
    }

    /// <summary>Who asked to join is in, and votes.</summary>
    private void MustTakeIn() => Require(
        Until(
            ConvergenceLimit,
            () => cluster.Membership.Newcomers == 0 && cluster.Leader is { } leader && leader.Raft.Configuration.Learners.IsEmpty),
        $"liveness: {cluster.Membership.Newcomers} machines that want to join are not taken in, of learners "
        + $"{string.Join(' ', cluster.Leader?.Raft.Configuration.Learners ?? [])}");

    private void MustConverge() => Require(
        Until(ConvergenceLimit, HasConverged),
        $"liveness: the members do not agree: {string.Join("; ", cluster.RunningMembers.Select(Describe))}");

    private bool HasConverged()
    {
        var leader = cluster.Leader;
        return leader is not null
            && leader.Raft.Configuration.Learners.IsEmpty
            && leader.Raft.ConfigurationIndex <= leader.Raft.Commit
            && leader.Raft.HasCommittedInTerm
            && leader.Raft.Configuration.Voters.All(id => IsLevel(cluster.Find(id.Value)?.Running, leader));
    }

    private bool HasRisen() => !cluster.Swarm.Upgrades
        || cluster.RunningMembers.TrueForAll(member => member.Parts.State.View().FeatureLevel == SimulatedMember.NewestLevel);

    private static bool IsLevel(Incarnation? member, Incarnation leader) =>
        member is not null
        && member.Raft.Term == leader.Raft.Term
        && !member.Raft.IsRecovering
        && member.Parts.State.Applied.Index == leader.Raft.LastIndex
        && member.Raft.LastIndex == leader.Raft.LastIndex;

    /// <summary>Nothing is under way any more, and what is not needed has been let go of.</summary>
    private void MustBeAtRest()
    {
        Require(
            Until(ConvergenceLimit, () => cluster.Leader is { } leader && leader.Raft.Progress.All(peer => IsLevel(peer, leader))),
            $"liveness: something is under way for ever: {string.Join("; ", cluster.Leader!.Raft.Progress.Select(Describe))}");
        Require(
            Until(ConvergenceLimit, () => cluster.RunningMembers.All(cluster.Checkers.Bounds.HasLetGoOfItsLog)),
            $"liveness: {cluster.RunningMembers.Max(member => member.Parts.Wal.SizeBytes)} bytes of log are never let go of");
    }

    private static bool IsLevel(Progress peer, Incarnation leader) =>
        peer.State == ProgressState.Replicate && peer.Match == leader.Raft.LastIndex && peer.Next == leader.Raft.LastIndex + 1;

    private static string Describe(Progress peer) => $"m{peer.Id.Value} {peer.State} match {peer.Match} next {peer.Next}";

    /// <summary>The leader answers for the whole history, each other member for its share of it.</summary>
    private void Verify()
    {
        var leader = cluster.Leader!;
        var others = leader.Raft.Configuration.Voters.Where(id => id != leader.Raft.Id).ToArray();
        using var directory = new ModelStateDirectory(new ModelStateDisk());
        using var whole = cluster.Checkers.WithoutCompactions(directory);
        foreach (var (at, watcher) in clients.OfType<WatchClient>().Index())
        {
            watcher.Finish(cluster.Find(leader.Raft.Configuration.Voters[at % leader.Raft.Configuration.Voters.Length].Value)!.Running!);
            watcher.Verify(whole);
        }

        Verify(leader, leader, whole, share: 0, shares: 1);
        for (var share = 0; share < others.Length; share++)
        {
            Verify(cluster.Find(others[share].Value)!.Running!, leader, whole, share, others.Length);
        }
    }

    private void Verify(Incarnation member, Incarnation leader, StateMachine whole, int share, int shares)
    {
        var (name, state, level) = (member.Host.Name, member.Parts.State, leader.Parts.State);
        var history = new StateHistory(state, whole);
        var expected = new StateHistory(level, whole);
        Require(state.Applied == level.Applied, $"{name} ends at {state.Applied}, {leader.Host.Name} at {level.Applied}");
        Require(
            history.DescribeAll() == expected.DescribeAll(), $"{name} holds other keys than {leader.Host.Name}, at one hash");
        var difference = state.Audit();
        Require(difference is null, $"{name}: {difference}");
        cluster.Checkers.History.Verify(history, name, share, shares);
    }

    private void RestartAll()
    {
        foreach (var member in cluster.RunningMembers)
        {
            member.Host.Crash("the last power failure", CrashLoss.Everything);
        }
    }

    private bool Until(long limit, Func<bool> condition) => cluster.Scheduler.RunUntil(cluster.Scheduler.Now + limit, condition);

    private static string Describe(Incarnation member) =>
        $"{member.Host.Name} {member.Raft.Role} term {member.Raft.Term} last {member.Raft.LastIndex} commit {member.Raft.Commit} "
        + $"applied {member.Parts.State.Applied.Index} of {member.Raft.Configuration}{(member.Raft.IsRecovering ? " recovering" : "")}";
}
