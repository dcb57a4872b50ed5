// Every route of the REST face with every status that its description names, each by requests that bring it about.
//
// RouteBehaviours runs the lines against one member and against three, and compares the table with the OpenAPI document: a status
// that is described and has no line fails, and so does a line that is not described.

namespace Raftd.Api.Tests.Behaviours;

internal static class RouteTable
{
    // A member that never comes: a learner, which no majority needs.
    private const string Ghost = """{"id":"$key","httpAddr":"127.0.0.1:3","raftAddr":"127.0.0.1:4","instance":77}""";
    private const string OtherGhost = """{"id":"$key","httpAddr":"127.0.0.1:3","raftAddr":"127.0.0.1:4","instance":78}""";

    /// <summary>What takes more than requests, and who brings it about.</summary>
    public static IReadOnlyDictionary<string, string> Elsewhere { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["PUT /key/{key} 409"] = "a lease with as many keys as -max-lease-keys: LeaseServiceTests",
        ["POST /lease/keepalive/{id} 409"] = "as above",
        ["POST /members/{id}/promote 200"] = "a learner that has caught up: MembershipTests",
        ["GET /watch/{key} 429"] = "as many streams as may be: WatchStreamTests",
        ["GET /snapshot 429"] = "as many backups as may be: BackupTests",
        ["GET /snapshot 503"] = "a fenced member: FenceTests",
        ["GET /snapshot 507"] = "a full disk: SnapshotSpoolerTests",
        ["PUT /buckets/{name} 201"] = "an engine with more than one bucket: BucketApiTests",
        ["DELETE /buckets/{name} 200"] = "as above",
        ["GET /health 503"] = "no leader: ReadinessTests",
        ["GET /livez 503"] = "a member that starts: OperationApiTests",
        ["GET /readyz 503"] = "no leader: ReadinessTests",
    };

    public static IReadOnlyList<RouteCase> Lines { get; } =
    [
        new("PUT /key/{key}", 200, "PUT /key/$key < v"),
        new("PUT /key/{key}", 200, "PUT /key/$key < old", "PUT /key/$key?prev=1 < new"),
        new("PUT /key/{key}", 200, "PUT /key/$key?ttl=30 < v"),
        new("PUT /key/{key}", 200, "PUT /key/$key < v", "PUT /key/$key + If-Match: \"7\", \"$1.revision\" < w"),
        new("PUT /key/{key}", 200, "PUT /key//$key/a/../%2F%ff < v"),
        new("PUT /key/{key}", 204, "PUT /key/$key?prev=1 < v"),
        new("PUT /key/{key}", 404, "PUT /key/$key?lease=4711 < v"),
        new("PUT /key/{key}", 412, "PUT /key/$key < v", "PUT /key/$key + If-None-Match: * < w"),
        new("PUT /key/{key}", 412, "PUT /key/$key + If-Match: \"7\" < w"),
        new("PUT /key/{key}", 413, "PUT /key/$key + Content-Length: 99999999"),

        new("GET /key/{key}", 200, "PUT /key/$key < v", "GET /key/$key"),
        new("GET /key/{key}", 200, "PUT /key/$key < v", "HEAD /key/$key?level=consistent"),
        new("GET /key/{key}", 200, "PUT /key/$key < v", "PUT /key/$key < w", "GET /key/$key?rev=$1.revision"),
        new("GET /key/{key}", 200, "PUT /key/$key < v", "PUT /key/$key < w", "GET /key/$key?wait=30s&after=$1.revision"),
        new("GET /key/{key}", 200, "GET /key/$key?default=text"),
        new("GET /key/{key}", 206, "PUT /key/$key < value", "GET /key/$key + Range: bytes=1-2"),
        new("GET /key/{key}", 304, "PUT /key/$key < v", "GET /key/$key + If-None-Match: \"$1.revision\""),
        new("GET /key/{key}", 304, "PUT /key/$key < v", "GET /key/$key?wait=10ms&after=$1.revision"),
        new("GET /key/{key}", 404, "GET /key/$key"),
        new("GET /key/{key}", 410, "PUT /key/$key < v", "PUT /key/$key < w", "POST /compact?rev=$2.revision", "GET /key/$key?rev=$1.revision"),
        new("GET /key/{key}", 412, "PUT /key/$key < v", "GET /key/$key + If-Match: \"7\""),
        new("GET /key/{key}", 416, "PUT /key/$key < v", "GET /key/$key + Range: bytes=9-"),

        new("DELETE /key/{key}", 200, "DELETE /key/$key"),
        new("DELETE /key/{key}", 200, "PUT /key/$key/1 < v", "DELETE /key/$key/?prefix=1"),
        new("DELETE /key/{key}", 412, "PUT /key/$key < v", "DELETE /key/$key + If-Match: \"7\""),

        new("POST /key/{key}", 200, "POST /key/$key?op=incr&by=-5"),
        new("POST /key/{key}", 200, "PUT /key/$key < v", "DELETE /key/$key", "POST /key/$key?op=revert&rev=$1.revision"),
        new("POST /key/{key}", 404, "PUT /key/$key/2 < v", "POST /key/$key?op=revert&rev=$1.revision"),
        new("POST /key/{key}", 409, "PUT /key/$key < text", "POST /key/$key?op=incr"),
        new("POST /key/{key}", 409, "PUT /key/$key < 9223372036854775807", "POST /key/$key?op=incr"),
        new("POST /key/{key}", 410, "PUT /key/$key < v", "PUT /key/$key < w", "POST /compact?rev=$2.revision", "POST /key/$key?op=revert&rev=$1.revision"),

        new("GET /keys/{prefix}", 200, "GET /keys?prefix=$key"),
        new("GET /keys/{prefix}", 200, "PUT /key/$key/1 < v", "GET /keys/$key/ + Accept: application/x-ndjson"),
        new("GET /keys/{prefix}", 200, "PUT /key/$key/a/1 < v", "GET /keys/$key/?delimiter=/&sort=-key&limit=1"),
        new("GET /keys/{prefix}", 410, "PUT /key/$key < v", "PUT /key/$key < w", "POST /compact?rev=$2.revision", "GET /keys?rev=$1.revision"),
        new("POST /keys/{prefix}", 201, "POST /keys/$key/ < job"),
        new("POST /keys/{prefix}", 409, "PUT /key/$key/ < text", "POST /keys/$key/ < job"),
        new("POST /keys/{prefix}", 413, "POST /keys/$key/ + Content-Length: 99999999"),
        new("GET /history/{key}", 200, "PUT /key/$key < v", "DELETE /key/$key", "GET /history/$key?limit=1"),
        new("GET /history/{key}", 404, "GET /history/$key"),

        new("POST /txn", 200, """POST /txn < {"if":[{"key":"$key","exists":true}],"then":[{"put":"$key","value":"v"}],"else":[{"get":"$key"}]}"""),
        new("POST /txn", 404, """POST /txn < {"then":[{"put":"$key","value":"v","lease":"4711"}]}"""),
        new("POST /txn", 413, "POST /txn + Content-Length: 99999999"),

        new("GET /watch/{key}", 200, "PUT /key/$key < v", "GET /watch/$key?initial=1&once=1"),
        new("GET /watch/{key}", 200, "GET /watch/$key?once=1&wait=10ms"),
        new("GET /watch/{key}", 204, "PUT /key/$key < v", "PUT /key/$key < w", "PUT /key/$key < x", "POST /compact?rev=$3.revision&physical=1", "&GET /watch/$key + Last-Event-ID: $1.revision.0"),
        new("GET /watch/{key}", 410, "PUT /key/$key < v", "PUT /key/$key < w", "POST /compact?rev=$2.revision&physical=1", "&GET /watch/$key?rev=$1.revision"),

        new("POST /lease/grant", 200, "POST /lease/grant?ttl=60&name=$key"),
        new("POST /lease/grant", 409, "POST /lease/grant?ttl=60&name=$key", "POST /lease/grant?ttl=60&name=$key&unique=1"),
        new("POST /lease/keepalive/{id}", 200, "POST /lease/grant?ttl=60&name=$key", "POST /lease/keepalive/$1.body"),
        new("POST /lease/keepalive/{id}", 200, "POST /lease/grant?ttl=60&name=$key", "POST /lease/keepalive/$1.body?key=$key < data"),
        new("POST /lease/keepalive/{id}", 404, "POST /lease/keepalive/4711"),
        new("POST /lease/keepalive/{id}", 404, "POST /lease/grant?ttl=60&name=$key", "POST /lease/keepalive/$1.body?key=none"),
        new("POST /lease/revoke/{id}", 200, "POST /lease/grant?ttl=60&name=$key", "POST /lease/revoke/$1.body"),
        new("POST /lease/revoke/{id}", 404, "POST /lease/revoke/4711"),
        new("DELETE /lease/{id}", 200, "POST /lease/grant?ttl=60&name=$key", "DELETE /lease/$1.body"),
        new("DELETE /lease/{id}", 404, "DELETE /lease/4711"),
        new("GET /lease/timetolive/{id}", 200, "POST /lease/grant?ttl=60&name=$key", "GET /lease/timetolive/$1.body"),
        new("GET /lease/timetolive/{id}", 404, "GET /lease/timetolive/4711"),
        new("POST /lease/timetolive/{id}", 200, "POST /lease/grant?ttl=60&name=$key", "POST /lease/timetolive/$1.body"),
        new("POST /lease/timetolive/{id}", 404, "POST /lease/timetolive/4711"),
        new("GET /lease/kv/{key}", 200, "GET /lease/kv/*?prefix=$key&full=1"),
        new("POST /lease/kv/{key}", 200, "POST /lease/kv/$key?exact=1 + Content-Type: application/x-www-form-urlencoded < prefix=$key"),
        new("GET /leases", 200, "GET /leases?prefix=$key"),

        new("POST /compact", 200, "PUT /key/$key < v", "POST /compact?rev=$1.revision&physical=1"),
        new("POST /compact", 400, "POST /compact?rev=999999999999"),
        new("POST /compact", 410, "PUT /key/$key < v", "POST /compact?rev=$1.revision", "POST /compact?rev=$1.revision"),
        new("GET /snapshot", 200, "HEAD /snapshot") { AtFronts = 400 },
        new("GET /", 200, "GET /"),
        new("GET /status", 200, "GET /status"),
        new("GET /members", 200, "GET /members?level=stale"),
        new("POST /join", 200, $"POST /join < {Ghost}", $"POST /join < {Ghost}") { After = "DELETE /members/$key", AtFronts = 409 },
        new("POST /join", 409, $"POST /join < {Ghost}", $"POST /join < {OtherGhost}") { After = "DELETE /members/$key", AtFronts = 409 },
        new("DELETE /members/{id}", 200, $"POST /join < {Ghost}", "DELETE /members/$1.member_id") { AtFronts = 409 },
        new("DELETE /members/{id}", 404, "DELETE /members/4711"),
        new("POST /members/{id}/promote", 404, "POST /members/4711/promote"),
        new("POST /members/{id}/promote", 409, "GET /members", "POST /members/$1.leader/promote"),
        new("POST /leader/transfer", 200, "GET /members", "POST /leader/transfer?to=$1.leader"),
        new("POST /leader/transfer", 404, "POST /leader/transfer?to=4711"),
        new("GET /alarms", 200, "GET /alarms"),
        new("POST /alarms/{name}", 200, "POST /alarms/NOSPACE") { After = "DELETE /alarms/NOSPACE" },
        new("DELETE /alarms/{name}", 200, "DELETE /alarms/NOSPACE"),
        new("GET /buckets", 200, "GET /buckets"),
        new("PUT /buckets/{name}", 200, "PUT /buckets/default"),
        new("PUT /buckets/{name}", 409, "PUT /buckets/$key") { AtFronts = 201 },
        new("DELETE /buckets/{name}", 404, "DELETE /buckets/other?force=1") { Code = "bucket_not_found" },
        new("DELETE /buckets/{name}", 409, "DELETE /buckets/default?force=1"),
        new("GET /health", 200, "GET /health?verbose"),
        new("GET /livez", 200, "GET /livez?verbose"),
        new("GET /readyz", 200, "GET /readyz"),
        new("GET /version", 200, "GET /version"),
    ];
}
