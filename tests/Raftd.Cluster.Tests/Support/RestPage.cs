namespace Raftd.Cluster.Tests.Support;

/// <summary>The shell loops that the REST page has promised from the first day, and what they make listed.</summary>
internal static class RestPage
{
    public const string FirstService = """{"http_addr":"127.0.0.1:9001","tcp_addr":"127.0.0.1:9002","node_id":1,"weight":1}""";
    public const string SecondService = """{"http_addr":"127.0.0.1:9003","tcp_addr":"127.0.0.1:9004","node_id":2,"weight":2}""";

    public const string FirstLoop =
        """ID=$(curl -sL -XPOST 127.0.0.1:8001/lease/grant\?ttl=10\&name=/esq/node-1);while true;do curl -sL -XPOST 127.0.0.1:8001/lease/keepalive/$ID -d 'key=nodeinfo' -d 'data={"http_addr":"127.0.0.1:9001","tcp_addr":"127.0.0.1:9002","node_id":1,"weight":1}';sleep 3;done""";

    public const string SecondLoop =
        """ID=$(curl -sL -XPOST 127.0.0.1:8001/lease/grant\?ttl=10\&name=/esq/node-2);while true;do curl -sL -XPOST 127.0.0.1:8001/lease/keepalive/$ID -d 'key=nodeinfo1' -d 'data={"http_addr":"127.0.0.1:9003","tcp_addr":"127.0.0.1:9004","node_id":2,"weight":2}';sleep 3;done""";

    public const string List = "curl -sL -XPOST 127.0.0.1:8001/lease/kv/nodeinfo -d 'prefix=/esq/node'";

    // What the loops say: the time to live, and the pause between renewals.
    public static readonly TimeSpan Ttl = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan Renewal = TimeSpan.FromSeconds(3);

    /// <summary>As it stands on the page, but for the port.</summary>
    public static string At(Member member, string script) => script.Replace("127.0.0.1:8001", member.Address, StringComparison.Ordinal);
}
