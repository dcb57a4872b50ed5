using Raftd.Exploration.Members;
using Raftd.Exploration.Worlds;
using Raftd.Raft;

namespace Raftd.Exploration;

/// <summary>What may happen to a member.</summary>
internal static class Choices
{
    /// <summary>Writes that wait at one member before messages to it wait too.</summary>
    private const int MaxWrites = 2;

    /// <summary>
    /// Whether a message may arrive now, and what that uses up. An answer to each copy of a message can queue for the disk,
    /// and each copy of a forwarded read begins a round: without a bound there is no end to either.
    /// </summary>
    public static bool MayArrive(Scope scope, MessageKind kind, MemberState to, ref Usage used)
    {
        if (kind != MessageKind.MsgReadIndex)
        {
            return to.Writes < MaxWrites;
        }

        var isLeft = IsLeft(scope, used, Resource.Forwarding);
        used = used.Add(Resource.Forwarding);
        return isLeft;
    }

    public static IEnumerable<(MemberInput Input, Usage Used)> Of(
        Scope scope, World world, int member, MemberState state, Committed committed)
    {
        var used = world.Used;
        foreach (var kind in FreeOnes(state))
        {
            yield return (new MemberInput(kind), used);
        }

        if (state.IsPromotable && (!state.IsLeader || scope.TiredLeaders) && MayCampaign(scope, used, member))
        {
            foreach (var campaign in Campaigns(scope, state))
            {
                yield return (campaign, used.Add(Resource.Campaign));
            }
        }

        if (state.IsLeader)
        {
            foreach (var choice in OfLeader(scope, used, member))
            {
                yield return choice;
            }
        }

        if (IsLeft(scope, used, Resource.Read))
        {
            var context = 1 + used.Of(Resource.Read);
            yield return (
                new MemberInput(InputKind.Read, context),
                used.Add(Resource.Read).WithFloor((ulong)context, committed.Last));
        }

        if (state.CanCompact && IsLeft(scope, used, Resource.Compaction))
        {
            yield return (new MemberInput(InputKind.Compact), used.Add(Resource.Compaction));
        }

        if (IsLeft(scope, used, Resource.Crash))
        {
            yield return (new MemberInput(InputKind.Crash), used.Add(Resource.Crash));
        }

        if (IsLeft(scope, used, Resource.Tear))
        {
            yield return (new MemberInput(InputKind.Tear), used.Add(Resource.Tear));
        }
    }

    private static IEnumerable<InputKind> FreeOnes(MemberState state)
    {
        if (state.Writes > 0)
        {
            yield return InputKind.Sync;
        }

        if (state.IsUnreported)
        {
            yield return InputKind.Report;
        }
    }

    private static IEnumerable<MemberInput> Campaigns(Scope scope, MemberState state) =>
        scope.SwiftElections
            ? state.Configuration.Voters.Where(voter => voter != state.Id).Select(voter => new MemberInput(InputKind.Elect, (int)voter.Value))
            : [new MemberInput(InputKind.Campaign)];

    private static IEnumerable<(MemberInput Input, Usage Used)> OfLeader(Scope scope, Usage used, int member)
    {
        if (IsLeft(scope, used, Resource.Heartbeat))
        {
            yield return (new MemberInput(InputKind.Heartbeat), used.Add(Resource.Heartbeat));
        }

        if (IsLeft(scope, used, Resource.Proposal))
        {
            yield return (new MemberInput(InputKind.Propose, used.Of(Resource.Proposal)), used.Add(Resource.Proposal));
        }

        for (var change = 0; change < scope.Changes.Count && IsLeft(scope, used, Resource.Change); change++)
        {
            yield return (new MemberInput(InputKind.Configure, change), used.Add(Resource.Change));
        }

        for (var to = 0; to < 3 && IsLeft(scope, used, Resource.Transfer); to++)
        {
            if (to != member)
            {
                yield return (new MemberInput(InputKind.Transfer, to + 1), used.Add(Resource.Transfer));
            }
        }
    }

    /// <summary>Where all are alike, the first one to campaign is called 1.</summary>
    private static bool MayCampaign(Scope scope, Usage used, int member) =>
        IsLeft(scope, used, Resource.Campaign)
        && (member == 0 || used.Of(Resource.Campaign) > 0 || !scope.IsSymmetric);

    private static bool IsLeft(Scope scope, Usage used, Resource resource) => used.Of(resource) < scope.LimitOf(resource);
}
