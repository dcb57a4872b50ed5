namespace Raftd.Node.Tests.Behaviours;

/// <summary>What clients do to a cluster, whether its members run in this process or in processes of their own.</summary>
/// <remarks>Members are counted from 0.</remarks>
public interface IContractCluster
{
    int Count { get; }

    /// <param name="member">Is asked.</param>
    /// <param name="key">Of ASCII letters and dashes.</param>
    /// <param name="value">The new one.</param>
    /// <param name="ifRevision">The key must be at this revision; null: at any.</param>
    /// <returns>The revision of the write; null where the key was at another.</returns>
    Task<long?> PutAsync(int member, string key, string value, long? ifRevision = null);

    /// <param name="member">Is asked.</param>
    /// <param name="key">One key.</param>
    /// <param name="revision">As of this one; 0 for the newest there is, by a linearizable read.</param>
    Task<ContractRead> ReadAsync(int member, string key, long revision = 0);

    Task DeleteAsync(int member, string key);

    /// <summary>Gives up history below a revision.</summary>
    Task CompactAsync(int member, long revision);

    /// <returns>Its id.</returns>
    Task<long> GrantAsync(int member, string name, int ttlSeconds);

    /// <summary>Renews the lease, and sets a key of it.</summary>
    /// <returns>The whole name of the key.</returns>
    Task<string> KeepAliveAsync(int member, long lease, string name, string key, string value);

    Task RevokeAsync(int member, long lease);

    Task<int> LeaderAsync();

    Task HandOverAsync(int to);
}

/// <summary>What a read found.</summary>
/// <param name="Value">Null where the key was not there.</param>
/// <param name="IsCompacted">History is gone at that revision.</param>
public readonly record struct ContractRead(string? Value, bool IsCompacted = false);
