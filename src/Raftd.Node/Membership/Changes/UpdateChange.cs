using Raftd.Contract;
using Raftd.Raft;

namespace Raftd.Node.Membership.Changes;

/// <summary>Gives a member another peer address.</summary>
/// <param name="Request">Its address is well formed.</param>
internal sealed record UpdateChange(MemberUpdateRequest Request) : MembershipChange
{
    public override Configuration? Next(MembershipFacts now)
    {
        var member = now.Require(Request.Id);
        if (member.PeerAddress == Request.PeerAddress)
        {
            return null;
        }

        now.RequireFreePeerAddress(Request.PeerAddress, self: member.Id);
        return new Configuration(
            now.Configuration.Voters,
            now.Configuration.Learners,
            now.Members.With(member with { PeerAddress = Request.PeerAddress }).Encode());
    }
}
