namespace Raftd.Cli.Moving;

/// <summary>Paths of the calls that a move makes.</summary>
internal static class EtcdMethods
{
    public const string Range = "/etcdserverpb.KV/Range";
    public const string Txn = "/etcdserverpb.KV/Txn";
    public const string Watch = "/etcdserverpb.Watch/Watch";
    public const string LeaseGrant = "/etcdserverpb.Lease/LeaseGrant";
    public const string LeaseKeepAlive = "/etcdserverpb.Lease/LeaseKeepAlive";
    public const string LeaseTimeToLive = "/etcdserverpb.Lease/LeaseTimeToLive";
    public const string LeaseLeases = "/etcdserverpb.Lease/LeaseLeases";
}
