using System.Text;
using Raftd.Contract;
using Raftd.Sql.Fronts;
using Raftd.Sql.Tests.Memory;
using Raftd.Testing;

namespace Raftd.Sql.Tests.Contract;

/// <summary>Two fronts that speak to each other, over one database in memory.</summary>
internal sealed class FrontPair : IAsyncDisposable
{
    private readonly List<SqlFront> _fronts = [];

    public MemoryDatabase Database { get; } = new();

    public SqlFront Leader { get; private set; } = null!;

    public SqlFront Follower { get; private set; } = null!;

    /// <summary>Returns once the follower's writes go to the leader.</summary>
    public async Task StartAsync(FrontOptions limits)
    {
        _fronts.Add(await FrontOver.ListenAsync(Database, "one", limits));
        _fronts.Add(await FrontOver.ListenAsync(Database, "two", limits));
        Leader = _fronts.Find(static front => front.Cluster.IsLeader)!;
        Follower = _fronts.Find(front => front != Leader)!;
        await Until.TrueAsync("writes go to the leader", async () =>
        {
            await Follower.KeyValues.PutAsync(
                Caller.Nobody, new PutRequest { Key = Encoding.UTF8.GetBytes("to the leader"), Value = default }, CancellationToken.None);
            return Database.Tables.Last.Front == Leader.Cluster.Origin.MemberId;
        });
    }

    public async Task StopLeaderAsync()
    {
        _fronts.Remove(Leader);
        await Leader.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var front in _fronts)
        {
            await front.DisposeAsync();
        }
    }
}
