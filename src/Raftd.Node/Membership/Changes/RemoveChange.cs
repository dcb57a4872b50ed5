using Raftd.Contract;
using Raftd.Raft;

namespace Raftd.Node.Membership.Changes;

/// <summary>Removes a member, voter or learner; its id is never used again.</summary>
internal sealed record RemoveChange(ulong Id) : MembershipChange
{
    public override Configuration Next(MembershipFacts now)
    {
        now.Require(Id);
        var voters = now.Configuration.Voters.Where(voter => voter.Value != Id).ToArray();
        if (voters.Length == 0)
        {
            throw new StoreException(
                ErrorCode.Conflict, "the only voting member cannot be removed", "add another member first");
        }

        var learners = now.Configuration.Learners.Where(learner => learner.Value != Id);
        return new Configuration(voters, learners, now.Members.Without(Id).Encode());
    }
}
