namespace Raftd.Peers;

/// <summary>Who this process is to its peers.</summary>
internal sealed record PeerIdentity(ulong ClusterId, ulong Id, string Label)
{
    /// <summary>Why a caller is refused, or null.</summary>
    /// <param name="caller">The peer that calls.</param>
    /// <param name="level">The cluster's feature level.</param>
    /// <param name="moved">What the operator does where another process listens here than the caller believes.</param>
    public string? Refusal(PeerHandshake caller, int level, string moved)
    {
        if (caller.ClusterId != ClusterId)
        {
            return $"{Label} belongs to cluster {ClusterId:x16}, the caller to {caller.ClusterId:x16}";
        }

        if (caller.To != Id)
        {
            return $"the caller wants member {caller.To:x16} ({caller.ToLabel}), this is {Id:x16} ({Label}): {moved}";
        }

        return caller.Level < level
            ? $"the cluster is at feature level {level}, and the build of {caller.FromLabel} knows {caller.Level}: "
                + "start a newer one"
            : null;
    }
}
