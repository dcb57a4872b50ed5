// What the leader answers about members: its part of the calls, around the decisions that the replica makes in its own
// steps (MembershipQueue).

using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Node.Membership.Changes;
using Raftd.Node.Replication;
using Raftd.Peers.Forwarding;
using Raftd.Raft;
using Raftd.State.Leading;

namespace Raftd.Node.Service;

/// <param name="self">Of which cluster.</param>
/// <param name="replica">Decides.</param>
/// <param name="drawId">The number of a new member, never used before, from its instance; 0 where that is not known yet.</param>
/// <param name="clientScheme">Of the URLs in messages to the operator.</param>
internal sealed class MembershipKeeper(
    MemberIdentity self, Replica replica, Func<ulong, ulong> drawId, string clientScheme)
{
    public async ValueTask<JoinResponse> JoinAsync(JoinRequest request)
    {
        Require(request.Problem());
        var outcome = await TrueAsync(replica.ChangeMembersAsync(new JoinChange(request, drawId(request.Instance), clientScheme)));
        var joined = MemberTable.Decode(outcome.Configuration.Context.Span);
        var member = joined.FindLabel(request.Label);
        Invariant.Check(member is not null, $"{request.Label} is not among the {joined.Members.Length} members that it joined");
        return new JoinResponse
        {
            ClusterId = self.ClusterId,
            MemberId = member.Id,
            Generator = member.Generator,
            Members = [.. joined.Members.Select(info => Describe(outcome.Configuration, info))],
        };
    }

    public async ValueTask<Member> AddAsync(MemberAddRequest request)
    {
        Require(request.Problem());
        var change = new AddChange(request, drawId(0));
        var outcome = await TrueAsync(replica.ChangeMembersAsync(change));
        return Describe(outcome.Configuration, MemberTable.Decode(outcome.Configuration.Context.Span).Find(change.NewId)!);
    }

    public async ValueTask<Nothing> UpdateAsync(MemberUpdateRequest request)
    {
        Require(request.Problem());
        await TrueAsync(replica.ChangeMembersAsync(new UpdateChange(request)));
        return new Nothing();
    }

    public async ValueTask<Nothing> RemoveAsync(ulong id)
    {
        await TrueAsync(replica.ChangeMembersAsync(new RemoveChange(id)));
        return new Nothing();
    }

    public async ValueTask<Nothing> PromoteAsync(ulong id)
    {
        await TrueAsync(replica.ChangeMembersAsync(new PromoteChange(id)));
        return new Nothing();
    }

    /// <param name="to">0 for the one that is likeliest to take it.</param>
    /// <returns>Who leads now.</returns>
    public async ValueTask<ulong> TransferAsync(ulong to) => (await TrueAsync(replica.HandOverAsync(to))).Leader;

    public static Member Describe(Configuration configuration, MemberInfo info) => new()
    {
        Id = info.Id,
        Label = info.Label,
        HttpAddress = info.HttpAddress,
        PeerAddress = info.PeerAddress,
        IsLearner = configuration.IsLearner(new NodeId(info.Id)),
    };

    private static void Require(string? problem)
    {
        if (problem is not null)
        {
            throw new StoreException(ErrorCode.BadRequest, problem);
        }
    }

    /// <summary>The outcome, once it is sure that this leader could speak for the cluster.</summary>
    private async Task<MembershipOutcome> TrueAsync(Task<MembershipOutcome> asked)
    {
        var outcome = await asked;
        if (outcome.DecidedIn != 0)
        {
            await ConfirmLeadershipAsync(outcome.DecidedIn);
        }

        return outcome.Failure is { } failure ? throw failure : outcome;
    }

    private async Task ConfirmLeadershipAsync(ulong term)
    {
        // A member that was deposed meanwhile gets its round confirmed too, by the new leader: hence the term.
        if (!await replica.LeadershipBarrierAsync() || replica.Status is not { IsLeader: true } now || now.Term != term)
        {
            throw new NotLeaderException("leadership could not be confirmed in time");
        }
    }
}
