// Which members may join, and in which role.
//
// A new member becomes a learner: an empty log never counts for a majority. A known member may join again, also from
// another address, if it comes from the same data directory. Another directory under its label has lost the votes and
// acknowledgements of the first, and is refused (failure 15 in docs/failures.md). A request without an instance number
// proves nothing and changes nothing. A member that was added by hand, without an instance, gets that of the first
// directory that joins from its addresses; one that was added by its peer address alone gets its label and client address
// from it as well (AddChange).

using Raftd.Contract;
using Raftd.Raft;

namespace Raftd.Node.Membership.Changes;

/// <param name="Request">Its label and addresses are well formed.</param>
/// <param name="NewId">The id of the member if it is new.</param>
/// <param name="ClientScheme">Of the URLs in refusals.</param>
internal sealed record JoinChange(JoinRequest Request, ulong NewId, string ClientScheme) : MembershipChange
{
    public override Configuration? Next(MembershipFacts now)
    {
        RequireLevel(now.FeatureLevel);
        if (now.Members.FindLabel(Request.Label) is { } known)
        {
            return Renew(now, known);
        }

        var added = now.Members.Members.FirstOrDefault(
            member => !member.HasStarted && member.PeerAddress == Request.PeerAddress);
        return added is null ? Add(now) : Start(now, added);
    }

    private void RequireLevel(int level)
    {
        if (Request.FeatureLevel < level)
        {
            throw new StoreException(
                ErrorCode.LevelTooLow,
                $"the cluster is at feature level {level}, and {Request.Label} knows {Request.FeatureLevel}",
                "start it with a build that knows that level (`raftd version` says which it knows)");
        }
    }

    private Configuration Add(MembershipFacts now)
    {
        RequireFreeAddresses(now.Members, self: null);
        return now.WithLearner(new MemberInfo
        {
            Id = NewId,
            Label = Request.Label,
            HttpAddress = Request.HttpAddress,
            PeerAddress = Request.PeerAddress,
            Instance = Request.Instance,
            Generator = now.Members.ChooseGenerator(Request.Generator),
            PromoteWhenCaughtUp = true,
        });
    }

    /// <summary>The member waited for a directory.</summary>
    private Configuration Start(MembershipFacts now, MemberInfo added)
    {
        RequireFreeAddresses(now.Members, added);
        var started = added with
        {
            Label = Request.Label,
            HttpAddress = Request.HttpAddress,
            Instance = Request.Instance,
            Generator = Request.Generator is { } asked && asked != added.Generator
                ? now.Members.ChooseGenerator(asked)
                : added.Generator,
        };
        return new Configuration(now.Configuration.Voters, now.Configuration.Learners, now.Members.With(started).Encode());
    }

    private Configuration? Renew(MembershipFacts now, MemberInfo known)
    {
        var sameAddresses = Request.HttpAddress == known.HttpAddress && Request.PeerAddress == known.PeerAddress;
        var sameDirectory = Request.Instance != 0 && Request.Instance == known.Instance;
        if (!sameDirectory && !(sameAddresses && (Request.Instance == 0 || known.Instance == 0)))
        {
            throw Request.Instance == 0 || known.Instance == 0
                ? KnownElsewhere(now.Members, known)
                : KnownWithAnotherDirectory(now.Members, known);
        }

        var renewed = known with
        {
            HttpAddress = Request.HttpAddress,
            PeerAddress = Request.PeerAddress,
            Instance = Request.Instance == 0 ? known.Instance : Request.Instance,
        };
        if (renewed == known)
        {
            return null;
        }

        RequireFreeAddresses(now.Members, known);
        return new Configuration(now.Configuration.Voters, now.Configuration.Learners, now.Members.With(renewed).Encode());
    }

    private StoreException KnownWithAnotherDirectory(MemberTable members, MemberInfo known) => new(
        ErrorCode.Conflict,
        $"{known.Label} is a member of this cluster with another data directory: the one that asks is new or was "
        + "wiped, and has lost what the member promised",
        $"remove the old member first: {RemovalOf(members, known)} (any member answers), then start this one again");

    private StoreException KnownElsewhere(MemberTable members, MemberInfo known) => new(
        ErrorCode.Conflict,
        $"{known.Label} is a member of this cluster at {known.HttpAddress} (clients) and {known.PeerAddress} (peers); its "
        + "addresses change only for a request that has its instance",
        "start the member with its new -haddr and -raddr on the data directory that it has, and it tells them by itself; if "
        + $"that is lost, remove it first: {RemovalOf(members, known)}");

    private string RemovalOf(MemberTable members, MemberInfo known)
    {
        // Not the address of the one to be removed: it is down, or it would not ask.
        var another = members.Members.FirstOrDefault(member => member.Id != known.Id) ?? known;
        return $"curl -X DELETE {ClientScheme}://{another.HttpAddress}/members/{known.Label}";
    }

    private void RequireFreeAddresses(MemberTable members, MemberInfo? self)
    {
        var other = members.Members.FirstOrDefault(member =>
            member.Id != self?.Id
            && (member.PeerAddress == Request.PeerAddress || member.HttpAddress == Request.HttpAddress));
        if (other is not null)
        {
            throw new StoreException(
                ErrorCode.Conflict,
                $"member {other.Name} has the address {Request.HttpAddress} or {Request.PeerAddress} already",
                "give each member addresses of its own, or remove the member that is gone");
        }
    }
}
