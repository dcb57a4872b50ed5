using System.Globalization;
using Raftd.Testing.Databases;

namespace Raftd.Cluster.Tests.Support;

/// <summary>What the same bodies of tests run against.</summary>
public enum Deployment
{
    OneMember,
    PostgresFronts,
    MariaDbFronts,
}

internal static class Deployments
{
    /// <summary>Ended by the scene, with the server of its database. How many fronts there are is said by RAFTD_TEST_POSTGRES_FRONTS and
    /// RAFTD_TEST_MARIADB_FRONTS; tests/long.sh asks for other numbers than these.</summary>
    public static async Task<TestCluster> StartAsync(Scene scene, Deployment deployment) => deployment switch
    {
        Deployment.OneMember => await TestCluster.StartAsync(scene, 1),
        Deployment.PostgresFronts => await FrontCluster.StartAsync(scene, StartServer(deployment), Count("RAFTD_TEST_POSTGRES_FRONTS", 3)),
        Deployment.MariaDbFronts => await FrontCluster.StartAsync(scene, StartServer(deployment), Count("RAFTD_TEST_MARIADB_FRONTS", 1)),
        _ => throw new ArgumentOutOfRangeException(nameof(deployment), deployment, message: null),
    };

    /// <summary>Of the database that the fronts serve: the one that the tests were given, or one of their own.</summary>
    public static IDatabaseServer StartServer(Deployment deployment) => deployment switch
    {
        Deployment.PostgresFronts => GivenServer.Of("postgres") ?? (IDatabaseServer)PostgresServer.Start(),
        Deployment.MariaDbFronts => GivenServer.Of("mysql") ?? (IDatabaseServer)MariaDbServer.Start(),
        _ => throw new ArgumentOutOfRangeException(nameof(deployment), deployment, message: null),
    };

    private static int Count(string name, int usual) =>
        Environment.GetEnvironmentVariable(name) is { } asked ? int.Parse(asked, CultureInfo.InvariantCulture) : usual;
}
