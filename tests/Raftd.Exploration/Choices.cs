using Raftd.Exploration.Members;
using Raftd.Exploration.Worlds;

namespace Raftd.Exploration;

/// <summary>What may happen to a member besides the arrival of a message.</summary>
internal static class Choices
{
    public static IEnumerable<(MemberInput Input, Usage Used)> Of(
        Scope scope, World world, int member, MemberState state, Committed committed)
    {
        var used = world.Used;
        foreach (var kind in FreeOnes(state))
        {
            yield return (new MemberInput(kind), used);
        }

        if (state.IsPromotable && !state.IsLeader && MayCampaign(scope, used, member))
        {
            yield return (new MemberInput(InputKind.Campaign), used.Add(Resource.Campaign));
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
        if (state.IsWriting)
        {
            yield return InputKind.Sync;
        }

        if (state.IsUnreported)
        {
            yield return InputKind.Report;
        }
    }

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
