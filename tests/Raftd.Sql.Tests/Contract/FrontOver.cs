using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Sql.Database;
using Raftd.Sql.Fronts;
using Raftd.Testing.Processes;

namespace Raftd.Sql.Tests.Contract;

/// <summary>A front in this process over a database.</summary>
internal static class FrontOver
{
    public static Task<SqlFront> StartAsync(IDatabase database, string label = "front", FrontOptions? limits = null) =>
        StartAsync(database, OptionsOf(label, limits));

    /// <summary>One that other fronts can reach.</summary>
    public static Task<SqlFront> ListenAsync(IDatabase database, string label, FrontOptions? limits = null)
    {
        var endPoint = new IPEndPoint(IPAddress.Loopback, Ports.Free());
        return StartAsync(database, OptionsOf(label, limits) with { PeerEndPoint = endPoint, AdvertisedPeerAddress = endPoint.ToString() });
    }

    private static SqlFrontOptions OptionsOf(string label, FrontOptions? limits) => new()
    {
        Label = label,
        AdvertisedHttpAddress = "127.0.0.1:1",
        Version = "test",
        Limits = limits ?? new FrontOptions(),
    };

    private static async Task<SqlFront> StartAsync(IDatabase database, SqlFrontOptions options)
    {
        var front = new SqlFront(options, database, NullLoggerFactory.Instance);
        await front.StartAsync(TestContext.Current.CancellationToken);
        return front;
    }
}
