using Raftd.Contract;
using Raftd.Raft;

namespace Raftd.Node.Membership.Changes;

/// <summary>What a leader is asked to do with the members: decided by the committed ones, without effects.</summary>
internal abstract record MembershipChange
{
    /// <summary>The configuration to propose; null where the members are as asked already.</summary>
    /// <exception cref="StoreException">The members do not allow it.</exception>
    public abstract Configuration? Next(MembershipFacts now);
}

/// <summary>What a change is decided by, as the leader knows it when its turn has come.</summary>
/// <param name="Configuration">The newest one, which is committed.</param>
/// <param name="Members">Of the configuration.</param>
/// <param name="FeatureLevel">The cluster's. It cannot rise before the change is in the log.</param>
/// <param name="ProgressOf">How far a learner has come.</param>
internal sealed record MembershipFacts(
    Configuration Configuration, MemberTable Members, int FeatureLevel, Func<NodeId, LearnerProgress> ProgressOf)
{
    /// <exception cref="StoreException">NotFound.</exception>
    public MemberInfo Require(ulong id) =>
        Members.Find(id) ?? throw new StoreException(ErrorCode.NotFound, $"no member has the id {id}", "see /members");
}
