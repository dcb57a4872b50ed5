using Raftd.Contract;

namespace Raftd.Api.Etcd.Services;

/// <summary>Locks: the turn in a queue whose keys are empty.</summary>
internal sealed class LockCalls(Turns turns)
{
    public async ValueTask<Wire.Locks.LockResponse> LockAsync(Wire.Locks.LockRequest request, EtcdCall call)
    {
        var place = await turns.TakeAsync(call, request.Name.Memory, request.Lease, value: default);
        await turns.AwaitAsync(call, place);

        // The lease may have ended while others had their turns.
        var own = await call.Keyspace.Keys.RangeAsync(call.Caller, new RangeRequest { Key = place.Key }, call.Ended);
        if (own.Items.Count == 0 || own.Items[0].CreateRevision != place.CreateRevision)
        {
            new EtcdStatus(GrpcCode.Unknown, "mutex: session is expired").Throw();
        }

        return new Wire.Locks.LockResponse { Header = Answers.HeaderOf(call, own.Revision), Key = Answers.Bytes(place.Key) };
    }

    public static async ValueTask<Wire.Locks.UnlockResponse> UnlockAsync(Wire.Locks.UnlockRequest request, EtcdCall call)
    {
        if (request.Key.IsEmpty)
        {
            (EtcdStatus.EmptyKey with { Code = GrpcCode.Unknown }).Throw();
        }

        var answer = await call.Keyspace.Keys.DeleteRangeAsync(
            call.Caller, new DeleteRangeRequest { Key = request.Key.Memory }, call.Deadline);
        return new Wire.Locks.UnlockResponse { Header = Answers.HeaderOf(call, answer.Revision) };
    }
}
