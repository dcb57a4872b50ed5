using System.Text;
using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Fronts;
using Raftd.Testing;

namespace Raftd.Sql.Tests.Contract;

/// <summary>Two fronts that speak to each other.</summary>
/// <param name="one">As the first opens the database.</param>
/// <param name="other">The same, as the second opens it.</param>
internal sealed class FrontPair(IDatabase one, IDatabase other) : IAsyncDisposable
{
    private readonly List<SqlFront> _fronts = [];

    public SqlFront Leader { get; private set; } = null!;

    public SqlFront Follower { get; private set; } = null!;

    /// <summary>Returns once the follower's writes go to the leader.</summary>
    public async Task StartAsync(FrontOptions limits)
    {
        _fronts.Add(await FrontOver.ListenAsync(one, "one", limits));
        _fronts.Add(await FrontOver.ListenAsync(other, "two", limits));
        Leader = _fronts.Find(static front => front.Cluster.IsLeader)!;
        Follower = _fronts.Find(front => front != Leader)!;
        await Until.TrueAsync("writes go to the leader", async () =>
        {
            await Follower.KeyValues.PutAsync(
                Caller.Nobody, new PutRequest { Key = Encoding.UTF8.GetBytes("to the leader"), Value = default }, CancellationToken.None);
            using var session = one.Open();
            using var moment = session.Snapshot([]);
            return moment.Last.Front == Leader.Cluster.Origin.MemberId;
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
