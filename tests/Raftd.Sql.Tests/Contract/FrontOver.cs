using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Sql.Database;
using Raftd.Sql.Fronts;

namespace Raftd.Sql.Tests.Contract;

/// <summary>A front in this process over a database.</summary>
internal static class FrontOver
{
    public static async Task<SqlFront> StartAsync(IDatabase database, string label = "front", FrontOptions? limits = null)
    {
        var options = new SqlFrontOptions { Label = label, AdvertisedHttpAddress = "127.0.0.1:1", Version = "test", Limits = limits ?? new FrontOptions() };
        var front = new SqlFront(options, database, NullLoggerFactory.Instance);
        await front.StartAsync(TestContext.Current.CancellationToken);
        return front;
    }
}
