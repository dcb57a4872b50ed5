using Google.Protobuf;
using Raftd.Api.Wire;
using Raftd.Cluster.Tests.Support;

namespace Raftd.Conformance.Tests;

/// <summary>Where raftd answers otherwise than this etcd on purpose. Each is a row of docs/etcd-compatibility.md, by its name.
/// </summary>
internal static class KnownDifferences
{
    private static readonly (string Name, Func<Call, Told, Told, bool> Is)[] All =
    [
        (
            "JSON: a failed precondition is 400",
            static (_, etcd, raftd) => etcd.Code == 412 && raftd.Code == 400 && etcd.Message == raftd.Message),
        (
            "a limit on items that are sorted without an order",
            static (call, etcd, raftd) => etcd.Code == 0 && raftd.Code == 0 && etcd.Revision == raftd.Revision
                && RangesOf(call.Request).Any(static range => range.Limit > 0
                    && range.SortTarget != RangeRequest.Types.SortTarget.Key
                    && range.SortOrder == RangeRequest.Types.SortOrder.None)),
    ];

    /// <summary>Lines of etcdctl that are not asked of fronts over a database, by what they begin with.</summary>
    private static readonly (string Name, string Line)[] NotAtFronts =
    [
        ("Maintenance: Snapshot", "f=$(mktemp -u); etcdctl snapshot save"),
    ];

    public static IEnumerable<string> Names => All.Select(static known => known.Name);

    public static IEnumerable<string> NamesAtFronts => NotAtFronts.Select(static skipped => skipped.Name);

    public static bool IsAsked(string line, Deployment deployment) =>
        deployment == Deployment.OneMember
        || !Array.Exists(NotAtFronts, skipped => line.StartsWith(skipped.Line, StringComparison.Ordinal));

    public static bool Explain(Call call, Told etcd, Told raftd) => All.Any(known => known.Is(call, etcd, raftd));

    private static IEnumerable<RangeRequest> RangesOf(IMessage request) => request switch
    {
        RangeRequest range => [range],
        TxnRequest txn => txn.Success.Concat(txn.Failure).SelectMany(static operation =>
            operation.RequestRange is { } range ? [range] : operation.RequestTxn is { } nested ? RangesOf(nested) : []),
        _ => [],
    };
}
