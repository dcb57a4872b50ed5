namespace Raftd.Mutations.Table;

/// <summary>The whole table, in the order of the report.</summary>
internal static class AllMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        .. ElectionMutations.List,
        .. LogMutations.List,
        .. SnapshotMutations.List,
        .. CommitMutations.List,
        .. ReadMutations.List,
        .. MembershipMutations.List,
        .. DiskMutations.List,
        .. PowerLossMutations.List,
        .. ApplyMutations.List,
        .. LeaseMutations.List,
        .. RequestMutations.List,
        .. SpaceMutations.List,
        .. ClientMutations.List,
        .. LeaseLoadMutations.List,
        .. EnduranceMutations.List,
        .. LevelMutations.List,
        .. CallerMutations.List,
        .. WireMutations.List,
        .. TxnMutations.List,
        .. CodecMutations.List,
        .. WatchMutations.List,
        .. MaintenanceMutations.List,
        .. RecoveryMutations.List,
        .. ListMutations.List,
        .. WatchRestMutations.List,
        .. MovingMutations.List,
        .. FrontMutations.List,
        .. BucketMutations.List,
        .. PostgresMutations.List,
        .. MySqlMutations.List,
        .. StoreMutations.List,
    ];

    /// <summary>Names that are taken twice, or asked for and not there.</summary>
    public static List<string> FindProblems(IEnumerable<string> wanted)
    {
        var names = List.Select(mutation => mutation.Name).ToHashSet(StringComparer.Ordinal);
        var twice = List.GroupBy(mutation => mutation.Name, StringComparer.Ordinal).Where(group => group.Count() > 1);
        return
        [
            .. twice.Select(group => $"{group.Key} stands in the table more than once"),
            .. wanted.Where(name => !names.Contains(name)).Select(name => $"there is no mutation {name}"),
        ];
    }
}
