// A member that is added before it is started, as etcd's clients do it: by its peer address alone.
//
// Like any other new member it is a learner, also where a voter was asked for: a voter without a log would count for the
// majority, and a cluster of one that was given the wrong address would never write again. It becomes a voter by itself
// once it has caught up. The first directory that joins from its peer address takes its place (JoinChange).

using Raftd.Contract;
using Raftd.Raft;

namespace Raftd.Node.Membership.Changes;

/// <param name="Request">Its address is well formed.</param>
/// <param name="NewId">The id of the member.</param>
internal sealed record AddChange(MemberAddRequest Request, ulong NewId) : MembershipChange
{
    public override Configuration Next(MembershipFacts now)
    {
        now.RequireFreePeerAddress(Request.PeerAddress, self: 0);
        var member = new MemberInfo
        {
            Id = NewId,
            Label = "",
            HttpAddress = "",
            PeerAddress = Request.PeerAddress,
            Instance = 0,
            Generator = now.Members.ChooseGenerator(asked: null),
            PromoteWhenCaughtUp = !Request.StaysLearner,
        };
        return now.WithLearner(member);
    }
}
