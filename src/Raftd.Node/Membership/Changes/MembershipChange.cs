using Raftd.Contract;
using Raftd.Raft;

namespace Raftd.Node.Membership.Changes;

/// <summary>A change of the members that a leader is asked for. It is decided by the committed members alone, and has no effect
/// until it is proposed.</summary>
internal abstract record MembershipChange
{
    /// <summary>The configuration to propose; null when the members are already as asked.</summary>
    /// <exception cref="StoreException">The members do not allow it.</exception>
    public abstract Configuration? Next(MembershipFacts now);
}

/// <summary>The facts that decide a change, as the leader knows them when its turn has come.</summary>
/// <param name="Configuration">The newest configuration, which is committed.</param>
/// <param name="Members">The members of that configuration.</param>
/// <param name="FeatureLevel">The cluster's level. It cannot rise before the change is in the log.</param>
/// <param name="ProgressOf">How far a learner has come.</param>
internal sealed record MembershipFacts(
    Configuration Configuration, MemberTable Members, int FeatureLevel, Func<NodeId, LearnerProgress> ProgressOf)
{
    /// <exception cref="StoreException">NotFound.</exception>
    public MemberInfo Require(ulong id) =>
        Members.Find(id) ?? throw new StoreException(ErrorCode.NotFound, $"no member has the id {id}", "see /members");
}
