using Raftd.Api.Tests;

namespace Raftd.Cluster.Tests.Support;

/// <summary>Members in processes of their own, as the bodies of the REST face's tests ask them.</summary>
internal sealed record MemberAsHost(Uri BaseUrl) : IApiHost
{
    public static IReadOnlyList<IApiHost> AllOf(TestCluster cluster) =>
        [.. cluster.Members.Select(static member => new MemberAsHost(new Uri($"http://{member.Host}:{member.HttpPort}")))];
}
