namespace Raftd.Cli.Moving;

/// <param name="Name">Empty for those of the etcd API, and of keys with a time limit of their own.</param>
/// <param name="GrantedTtl">Seconds.</param>
/// <param name="Ttl">Seconds that were left.</param>
internal sealed record MovedLease(long Id, string Name, long GrantedTtl, long Ttl);
