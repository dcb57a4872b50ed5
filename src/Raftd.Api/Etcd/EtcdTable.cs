using System.Collections.Frozen;
using Google.Protobuf;
using Raftd.Api.Etcd.Codecs;
using Raftd.Api.Etcd.Services;

namespace Raftd.Api.Etcd;

/// <summary>Every call of the etcd API: its service and name, what handles it, and its JSON paths.</summary>
internal sealed class EtcdTable
{
    private readonly FrozenDictionary<string, EtcdMethod> _byGrpcPath;
    private readonly FrozenDictionary<string, EtcdMethod> _byJsonPath;
    private readonly FrozenSet<string> _services;

    public EtcdTable(ApiServices services)
    {
        Methods =
        [
            .. Keys(services), .. Watches(), .. Leases(), .. Members(services), .. Maintenance(),
            .. Users(), .. Turns(services), .. Tools(services),
        ];
        _byGrpcPath = Methods.ToFrozenDictionary(method => method.GrpcPath, StringComparer.Ordinal);
        _byJsonPath = Methods
            .SelectMany(method => method.JsonPaths.Select(path => (path, method)))
            .ToFrozenDictionary(row => row.path, row => row.method, StringComparer.Ordinal);
        _services = Methods.Select(method => method.Service).ToFrozenSet(StringComparer.Ordinal);
    }

    public IReadOnlyList<EtcdMethod> Methods { get; }

    public EtcdMethod? FindGrpc(string path) => _byGrpcPath.GetValueOrDefault(path);

    public EtcdMethod? FindJson(string path) => _byJsonPath.GetValueOrDefault(path);

    public bool HasService(string service) => _services.Contains(service);

    private static EtcdMethod[] Keys(ApiServices services)
    {
        var calls = new KeyCalls(services);
        var txn = new TxnCalls(services);
        var rows = new Rows("etcdserverpb.KV", StoreFailures.OfKeys);
        return
        [
            rows.Encoded<Wire.RangeRequest, Wire.RangeResponse, RangeAnswer>("Range", calls.RangeAsync, "/v3/kv/range"),
            rows.Encoded<Wire.PutRequest, Wire.PutResponse, PutAnswer>("Put", calls.PutAsync, "/v3/kv/put"),
            rows.Encoded<Wire.DeleteRangeRequest, Wire.DeleteRangeResponse, DeleteRangeAnswer>(
                "DeleteRange", calls.DeleteRangeAsync, "/v3/kv/deleterange"),
            rows.Encoded<Wire.TxnRequest, Wire.TxnResponse, TxnAnswer>("Txn", txn.TxnAsync, "/v3/kv/txn"),
            rows.Unary<Wire.CompactionRequest, Wire.CompactionResponse>("Compact", calls.CompactAsync, "/v3/kv/compaction"),
        ];
    }

    private static EtcdMethod[] Watches() =>
        [new Rows("etcdserverpb.Watch", StoreFailures.OfKeys).Duplex("Watch", WatchStream.RunAsync, "/v3/watch")];

    private static EtcdMethod[] Leases()
    {
        var rows = new Rows("etcdserverpb.Lease", StoreFailures.OfLeases);
        return
        [
            rows.Unary<Wire.LeaseGrantRequest, Wire.LeaseGrantResponse>("LeaseGrant", LeaseCalls.GrantAsync, "/v3/lease/grant"),
            rows.Unary<Wire.LeaseRevokeRequest, Wire.LeaseRevokeResponse>(
                "LeaseRevoke", LeaseCalls.RevokeAsync, "/v3/lease/revoke", "/v3/kv/lease/revoke"),
            rows.Duplex("LeaseKeepAlive", LeaseCalls.KeepAliveAsync, "/v3/lease/keepalive"),
            rows.Unary<Wire.LeaseTimeToLiveRequest, Wire.LeaseTimeToLiveResponse>(
                "LeaseTimeToLive", LeaseCalls.TimeToLiveAsync, "/v3/lease/timetolive", "/v3/kv/lease/timetolive"),
            rows.Unary<Wire.LeaseLeasesRequest, Wire.LeaseLeasesResponse>(
                "LeaseLeases", (_, call) => LeaseCalls.LeasesAsync(call), "/v3/lease/leases", "/v3/kv/lease/leases"),
        ];
    }

    private static EtcdMethod[] Members(ApiServices services)
    {
        var calls = new MemberCalls(services);
        var rows = new Rows("etcdserverpb.Cluster", StoreFailures.OfMembers);
        return
        [
            rows.Unary<Wire.MemberAddRequest, Wire.MemberAddResponse>("MemberAdd", calls.AddAsync, "/v3/cluster/member/add"),
            rows.Unary<Wire.MemberRemoveRequest, Wire.MemberRemoveResponse>("MemberRemove", calls.RemoveAsync, "/v3/cluster/member/remove"),
            rows.Unary<Wire.MemberUpdateRequest, Wire.MemberUpdateResponse>("MemberUpdate", calls.UpdateAsync, "/v3/cluster/member/update"),
            rows.Unary<Wire.MemberListRequest, Wire.MemberListResponse>("MemberList", calls.ListAsync, "/v3/cluster/member/list"),
            rows.Unary<Wire.MemberPromoteRequest, Wire.MemberPromoteResponse>(
                "MemberPromote", calls.PromoteAsync, "/v3/cluster/member/promote"),
        ];
    }

    private static EtcdMethod[] Maintenance()
    {
        var rows = new Rows("etcdserverpb.Maintenance", StoreFailures.OfMaintenance);
        return
        [
            rows.Unary<Wire.AlarmRequest, Wire.AlarmResponse>("Alarm", MaintenanceCalls.AlarmAsync, "/v3/maintenance/alarm"),
            rows.Unary<Wire.StatusRequest, Wire.StatusResponse>("Status", (_, call) => MaintenanceCalls.StatusAsync(call), "/v3/maintenance/status"),
            rows.Lasting<Wire.DefragmentRequest, Wire.DefragmentResponse>(
                "Defragment", (_, call) => MaintenanceCalls.DefragmentAsync(call), "/v3/maintenance/defragment"),
            rows.Lasting<Wire.HashRequest, Wire.HashResponse>("Hash", (_, call) => MaintenanceCalls.HashAsync(call), "/v3/maintenance/hash"),
            rows.Lasting<Wire.HashKVRequest, Wire.HashKVResponse>("HashKV", MaintenanceCalls.HashKeysAsync, "/v3/maintenance/hashkv"),
            rows.AnswerStream<Wire.SnapshotRequest>("Snapshot", (_, call) => MaintenanceCalls.SnapshotAsync(call), "/v3/maintenance/snapshot"),
            rows.Unary<Wire.MoveLeaderRequest, Wire.MoveLeaderResponse>(
                "MoveLeader", MaintenanceCalls.MoveLeaderAsync, "/v3/maintenance/transfer-leadership"),
            rows.Unary<Wire.DowngradeRequest, Wire.DowngradeResponse>("Downgrade", MaintenanceCalls.DowngradeAsync, "/v3/maintenance/downgrade"),
        ];
    }

    private static EtcdMethod[] Users()
    {
        var rows = new Rows("etcdserverpb.Auth", StoreFailures.OfKeys);
        return
        [
            rows.Unary<Wire.AuthStatusRequest, Wire.AuthStatusResponse>("AuthStatus", (_, call) => AuthCalls.StatusAsync(call), "/v3/auth/status"),
            rows.Unary<Wire.AuthenticateRequest, Wire.AuthenticateResponse>(
                "Authenticate", (_, _) => AuthCalls.AuthenticateAsync(), "/v3/auth/authenticate"),
            .. AuthCalls.NotThere.Select(row => rows.Unary<Wire.AuthEnableRequest, Wire.AuthEnableResponse>(
                row.Name, (_, _) => AuthCalls.RefuseAsync(), row.JsonPath)),
        ];
    }

    private static EtcdMethod[] Turns(ApiServices services)
    {
        var turns = new Turns(services);
        var locks = new LockCalls(turns);
        var elections = new ElectionCalls(turns);
        var lockRows = new Rows("v3lockpb.Lock", StoreFailures.OfTurns);
        var electionRows = new Rows("v3electionpb.Election", StoreFailures.OfTurns);
        return
        [
            lockRows.Lasting<Wire.Locks.LockRequest, Wire.Locks.LockResponse>("Lock", locks.LockAsync, "/v3/lock/lock"),
            lockRows.Unary<Wire.Locks.UnlockRequest, Wire.Locks.UnlockResponse>("Unlock", LockCalls.UnlockAsync, "/v3/lock/unlock"),
            electionRows.Lasting<Wire.Elections.CampaignRequest, Wire.Elections.CampaignResponse>(
                "Campaign", elections.CampaignAsync, "/v3/election/campaign"),
            electionRows.Unary<Wire.Elections.ProclaimRequest, Wire.Elections.ProclaimResponse>(
                "Proclaim", ElectionCalls.ProclaimAsync, "/v3/election/proclaim"),
            electionRows.Unary<Wire.Elections.LeaderRequest, Wire.Elections.LeaderResponse>(
                "Leader", ElectionCalls.LeaderAsync, "/v3/election/leader"),
            electionRows.AnswerStream<Wire.Elections.LeaderRequest>("Observe", ElectionCalls.ObserveAsync, "/v3/election/observe"),
            electionRows.Unary<Wire.Elections.ResignRequest, Wire.Elections.ResignResponse>(
                "Resign", ElectionCalls.ResignAsync, "/v3/election/resign"),
        ];
    }

    private static EtcdMethod[] Tools(ApiServices services)
    {
        var health = new HealthCalls(services);
        var healthRows = new Rows("grpc.health.v1.Health", StoreFailures.OfKeys);
        return
        [
            healthRows.Unary<Wire.Health.HealthCheckRequest, Wire.Health.HealthCheckResponse>("Check", HealthCalls.CheckAsync),
            healthRows.AnswerStream<Wire.Health.HealthCheckRequest>("Watch", health.WatchAsync),
            new Rows("grpc.reflection.v1.ServerReflection", StoreFailures.OfKeys).Duplex("ServerReflectionInfo", ReflectionCalls.RunAsync),
            new Rows("grpc.reflection.v1alpha.ServerReflection", StoreFailures.OfKeys)
                .Duplex("ServerReflectionInfo", ReflectionCalls.RunAsync),
        ];
    }

    /// <summary>Makes the rows of one service.</summary>
    private sealed record Rows(string Service, StoreFailures Failures)
    {
        public UnaryMethod<TRequest, TResponse> Unary<TRequest, TResponse>(
            string name, Func<TRequest, EtcdCall, ValueTask<TResponse>> handler, params string[] jsonPaths)
            where TRequest : class, IMessage, new()
            where TResponse : class, IMessage => new UnaryMethod<TRequest, TResponse>(handler)
            {
                Service = Service,
                Name = name,
                JsonPaths = jsonPaths,
                Failures = Failures,
            };

        public EncodedMethod<TRequest, TResponse, TAnswer> Encoded<TRequest, TResponse, TAnswer>(
            string name, Func<ReadOnlyMemory<byte>, EtcdCall, ValueTask<TAnswer>> handler, params string[] jsonPaths)
            where TRequest : class, IMessage, new()
            where TResponse : class, IMessage, new()
            where TAnswer : struct, IEncodedAnswer => new(handler)
            {
                Service = Service,
                Name = name,
                JsonPaths = jsonPaths,
                Failures = Failures,
            };

        public UnaryMethod<TRequest, TResponse> Lasting<TRequest, TResponse>(
            string name, Func<TRequest, EtcdCall, ValueTask<TResponse>> handler, string jsonPath)
            where TRequest : class, IMessage, new()
            where TResponse : class, IMessage => new(handler)
            {
                Service = Service,
                Name = name,
                JsonPaths = [jsonPath],
                Failures = Failures,
                Lasts = true,
            };

        public AnswerStreamMethod<TRequest> AnswerStream<TRequest>(
            string name, Func<TRequest, EtcdCall, Task> handler, params string[] jsonPaths)
            where TRequest : class, IMessage, new() => new AnswerStreamMethod<TRequest>(handler)
            {
                Service = Service,
                Name = name,
                JsonPaths = jsonPaths,
                Failures = Failures,
            };

        public DuplexMethod Duplex(string name, Func<EtcdCall, Task> handler, params string[] jsonPaths) => new DuplexMethod(handler)
        {
            Service = Service,
            Name = name,
            JsonPaths = jsonPaths,
            Failures = Failures,
        };
    }
}
