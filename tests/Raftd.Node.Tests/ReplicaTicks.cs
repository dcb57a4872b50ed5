using Raftd.Node.Replication;
using Raftd.Raft;

namespace Raftd.Node.Tests;

/// <summary>Looks at the core of a running member, or does what no request can ask for, as a duty of its next tick.</summary>
internal static class ReplicaTicks
{
    public static Task<T> InATickAsync<T>(this Replica replica, Func<RaftNode, T> what)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var duties = replica.AfterTick;
        replica.AfterTick = () =>
        {
            duties?.Invoke();
            replica.AfterTick = duties;
            answer.TrySetResult(what(replica.Raft));
        };
        return answer.Task;
    }
}
