using System.Globalization;
using Raftd.Testing.Databases;

namespace Raftd.Cluster.Tests.Support;

/// <summary>Fronts over an empty database, in which the first one makes the tables: to be asked as members of a cluster are.</summary>
internal static class FrontCluster
{
    /// <summary>Values as large as members with small files take, so that both refuse the same.</summary>
    private static readonly string[] Flags = ["-max-value-bytes", "4MiB"];

    /// <param name="scene">Ends them, and then the server.</param>
    /// <param name="server">Of their database.</param>
    /// <param name="count">How many.</param>
    public static async Task<TestCluster> StartAsync(Scene scene, IDatabaseServer server, int count)
    {
        scene.OnEnd(() =>
        {
            server.Dispose();
            return Task.CompletedTask;
        });
        var url = server.CreateDatabase();
        var cluster = TestCluster.Of(scene, [.. Enumerable.Range(1, count).Select(number => Make(scene, url, number))]);
        foreach (var front in cluster.Members)
        {
            front.Start();
        }

        await cluster.ReadyAsync();
        return cluster;
    }

    private static Member Make(Scene scene, string url, int number) => scene.AddMember(
        new Member(scene, string.Create(CultureInfo.InvariantCulture, $"front{number}"), Flags) { Store = url });
}
