using Raftd.Contract;
using Raftd.Raft;

namespace Raftd.Node.Membership.Changes;

/// <summary>Lets a learner vote, once it has what the voters have (Raft thesis 4.2.1).</summary>
internal sealed record PromoteChange(ulong Id) : MembershipChange
{
    public override Configuration Next(MembershipFacts now)
    {
        var member = now.Require(Id);
        if (now.Configuration.IsVoter(new NodeId(Id)))
        {
            throw new StoreException(ErrorCode.NotALearner, $"member {Id} ({member.Name}) votes already");
        }

        var progress = now.ProgressOf(new NodeId(Id));
        if (!progress.HasCaughtUp)
        {
            throw new StoreException(
                ErrorCode.LearnerBehind,
                $"member {Id} ({member.Name}) has entry {progress.Match} of {progress.Commit}",
                "promote it when it has caught up; members added with -join are promoted by themselves");
        }

        return With(now.Configuration, now.Members, member);
    }

    /// <summary>The configuration in which this learner votes.</summary>
    public static Configuration With(Configuration configuration, MemberTable members, MemberInfo learner)
    {
        var id = new NodeId(learner.Id);
        return new Configuration(
            configuration.Voters.Append(id),
            configuration.Learners.Where(other => other != id),
            members.With(learner with { PromoteWhenCaughtUp = false }).Encode());
    }
}
