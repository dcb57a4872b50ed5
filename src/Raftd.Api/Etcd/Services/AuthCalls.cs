namespace Raftd.Api.Etcd.Services;

/// <summary>Users. There are none yet: status says so, all else is refused.</summary>
internal static class AuthCalls
{
    private static readonly EtcdStatus NoUsers = EtcdStatus.Unmet("raftd: users are not there yet; everyone may do everything");

    public static IReadOnlyList<(string Name, string JsonPath)> NotThere { get; } =
    [
        ("AuthEnable", "/v3/auth/enable"),
        ("AuthDisable", "/v3/auth/disable"),
        ("UserAdd", "/v3/auth/user/add"),
        ("UserGet", "/v3/auth/user/get"),
        ("UserList", "/v3/auth/user/list"),
        ("UserDelete", "/v3/auth/user/delete"),
        ("UserChangePassword", "/v3/auth/user/changepw"),
        ("UserGrantRole", "/v3/auth/user/grant"),
        ("UserRevokeRole", "/v3/auth/user/revoke"),
        ("RoleAdd", "/v3/auth/role/add"),
        ("RoleGet", "/v3/auth/role/get"),
        ("RoleList", "/v3/auth/role/list"),
        ("RoleDelete", "/v3/auth/role/delete"),
        ("RoleGrantPermission", "/v3/auth/role/grant"),
        ("RoleRevokePermission", "/v3/auth/role/revoke"),
    ];

    public static ValueTask<Wire.AuthStatusResponse> StatusAsync(EtcdCall call) => ValueTask.FromResult(new Wire.AuthStatusResponse
    {
        Header = Answers.HeaderOf(call, call.Keyspace.Cluster.Revision),
        AuthRevision = 1,
    });

    public static ValueTask<Wire.AuthenticateResponse> AuthenticateAsync() =>
        throw new EtcdException(EtcdStatus.AuthNotEnabled);

    public static ValueTask<Wire.AuthEnableResponse> RefuseAsync() =>
        throw new EtcdException(NoUsers);
}
