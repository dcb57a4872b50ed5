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

    /// <exception cref="StoreException">AddressTaken.</exception>
    public void RequireFreePeerAddress(string address, ulong self)
    {
        var other = Members.Members.FirstOrDefault(member => member.Id != self && member.PeerAddress == address);
        if (other is not null)
        {
            throw new StoreException(
                ErrorCode.AddressTaken, $"member {other.Id} ({other.Name}) has the peer address {address} already", "see /members");
        }
    }

    /// <summary>The configuration with this member added, as a learner.</summary>
    public Configuration WithLearner(MemberInfo member) => new(
        Configuration.Voters, Configuration.Learners.Append(new NodeId(member.Id)), Members.With(member).Encode());
}
