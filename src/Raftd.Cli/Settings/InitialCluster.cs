// etcd's way of saying where the others are: every member is started with the names and peer URLs of all of them.
//
//   --initial-cluster node01=http://10.0.0.1:8200,node02=http://10.0.0.2:8200 --initial-cluster-state new
//
// With the state `new` all of etcd's members found the cluster together. Here one does, the first in the order of their names,
// and the others join it, which they try for some minutes; so the same lines start a cluster in any order. With `existing`,
// after a member was added (etcdctl member add), this one joins. Either way a wiped founder founds no second cluster while a
// peer still calls it (Founding).

namespace Raftd.Cli.Settings;

/// <summary>The members by their names, each with the address for its peers.</summary>
internal sealed record InitialCluster(IReadOnlyDictionary<string, HostPort> Members)
{
    public const string Wanted = "expected name=url, such as node01=http://10.0.0.1:8200, for each member once";

    /// <summary>None for an empty text.</summary>
    public static bool TryParse(string text, out InitialCluster? value)
    {
        value = null;
        var members = new SortedDictionary<string, HostPort>(StringComparer.Ordinal);
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0
                || !HostPort.TryParse(part[(equals + 1)..], out var address)
                || address.IsAny
                || !members.TryAdd(part[..equals], address))
            {
                return false;
            }
        }

        value = members.Count == 0 ? null : new InitialCluster(members);
        return true;
    }

    /// <summary>The peer addresses to join through; none for the founder.</summary>
    /// <param name="self">A name among them.</param>
    /// <param name="exists">The cluster is there already.</param>
    public IReadOnlyList<HostPort> JoinedBy(string self, bool exists) =>
        !exists && Members.Keys.First() == self
            ? []
            : [.. Members.Where(member => member.Key != self).Select(static member => member.Value)];

    /// <summary>What is wrong with it for this member; null for nothing.</summary>
    public string? Problem(string self, bool exists, IReadOnlyList<HostPort> join)
    {
        if (join.Count > 0)
        {
            return $"{Flags.InitialCluster.Label}: contradicts {Flags.Join.Label}; one of them is enough";
        }

        if (!Members.ContainsKey(self))
        {
            return $"{Flags.InitialCluster.Label} {string.Join(',', Members.Keys)}: does not name this member, {self} ({Flags.Id.Label})";
        }

        return exists && Members.Count == 1
            ? $"{Flags.InitialCluster.Label}: names no other member, so there is none to join; {Flags.InitialClusterState.Label} must be new"
            : null;
    }
}
