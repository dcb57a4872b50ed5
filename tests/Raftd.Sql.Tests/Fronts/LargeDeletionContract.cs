using System.Text;
using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Fronts;
using Raftd.Sql.Tests.Contract;
using Raftd.Sql.Tests.Database;
using Raftd.State.Keyspaces;
using Raftd.Testing;

namespace Raftd.Sql.Tests.Fronts;

/// <summary>More keys than one request may change are deleted at once, on two fronts over a real server. Derive, and give it.</summary>
public abstract class LargeDeletionContract : IAsyncLifetime
{
    private const int Keys = 300_000;
    private const int KeysOfABatch = 10_000;
    private const int Leased = 1000;

    private static readonly FrontOptions Patient = new() { RequestTimeLimit = TimeSpan.FromMinutes(5) };

    private SqlFront _first = null!;
    private SqlFront _second = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var database = Emptied();
        Fill(database);
        _first = await FrontOver.ListenAsync(database, "one", Patient);
        _second = await FrontOver.ListenAsync(Opened(), "two", Patient);
    }

    public async ValueTask DisposeAsync()
    {
        await _first.DisposeAsync();
        await _second.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task LargeRange_IsDeletedAtOnce_Watched_Detached_AndSwept()
    {
        var lease = await _first.Leases.GrantAsync(Caller.Nobody, new LeaseGrantRequest { Name = "/l", TtlSeconds = 3600 }, Stop);
        for (var number = 0; number < Leased; number++)
        {
            var put = number % 2 == 0
                ? new PutRequest { Key = KeyOf(number), Value = default, Lease = lease.Id }
                : new PutRequest { Key = KeyOf(number), Value = default, TtlSeconds = 3600 };
            await _first.KeyValues.PutAsync(Caller.Nobody, put, Stop);
        }

        var outside = await PutAsync("z outside", lease.Id);
        using var session = _second.Watches.OpenWatches(Caller.Nobody);
        session.Create(new WatchRequest { Id = 1, Key = Bytes("k"), RangeEnd = Bytes("l"), StartRevision = outside + 1 });
        Assert.Equal(WatchMessageKind.Created, (await session.ReadAsync(Stop)).Kind);

        var answer = await _second.KeyValues.DeleteRangeAsync(
            Caller.Nobody, new DeleteRangeRequest { Key = Bytes("k"), RangeEnd = Bytes("l") }, Stop);

        Assert.Equal(Keys, answer.Deleted);
        foreach (var front in new[] { _first, _second })
        {
            var left = await front.KeyValues.RangeAsync(
                Caller.Nobody, new RangeRequest { Key = Bytes("\0"), RangeEnd = Bytes("\0") }, Stop);
            Assert.Equal("z outside", Encoding.UTF8.GetString(Assert.Single(left.Items).Key.Span));
            await Until.TrueAsync("the row is taken in", () => front.Cluster.Status().KeyCount == 1);
        }

        await AssertWatchedAsync(session, answer.Revision);
        await AssertDetachedAsync(lease.Id);
        Sweep(answer.Revision + 1);
        Assert.Equal(1, CountVersions());
    }

    private protected abstract IDatabase Emptied();

    private protected abstract IDatabase Opened();

    /// <summary>All rows of revisions that are there.</summary>
    private protected abstract long CountVersions();

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] KeyOf(int number) => Bytes($"k{number:000000}");

    /// <summary>As fronts do, in large batches.</summary>
    private static void Fill(IDatabase database)
    {
        using var session = database.Open();
        var script = new BatchScript(LogRow.First);
        for (var from = 0; from < Keys; from += KeysOfABatch)
        {
            script.Change([.. Enumerable.Range(from, KeysOfABatch).Select(static number => (KeyOf(number), (byte[]?)[1]))]).Commit(session);
        }
    }

    /// <summary>As the leader does it, in fewer steps.</summary>
    private void Sweep(long compactRevision)
    {
        using var database = Opened();
        using var session = database.Open();
        var next = default(Revision);
        while (next.Main <= compactRevision)
        {
            next = session.Sweep(next, compactRevision, KeysOfABatch).Next;
        }
    }

    private async Task<long> PutAsync(string key, long lease)
    {
        var put = new PutRequest { Key = Bytes(key), Value = default, Lease = lease };
        return (await _first.KeyValues.PutAsync(Caller.Nobody, put, Stop)).Revision;
    }

    /// <summary>One revision, in pieces that are each as large as a message.</summary>
    private static async Task AssertWatchedAsync(IWatchSession session, long revision)
    {
        var message = await session.ReadAsync(Stop);
        Assert.Equal(revision, message.Revision);
        var next = 0;
        foreach (var piece in message.Large!.Read())
        {
            Assert.InRange(piece.Count, 1, Keys / 10);
            var isNext = piece.All(change => change.Key.ModRevision == revision && change.Key.Key.Span.SequenceEqual(KeyOf(next++)));
            Assert.True(isNext, $"key {next - 1} is another one");
        }

        Assert.Equal(Keys, next);
    }

    /// <summary>The lease keeps the one key outside the range. The hidden ones are gone with their keys.</summary>
    private async Task AssertDetachedAsync(long lease)
    {
        foreach (var front in new[] { _first, _second })
        {
            var left = await front.Leases.TimeToLiveAsync(Caller.Nobody, lease, Stop);
            Assert.Equal("z outside", Encoding.UTF8.GetString(Assert.Single(left.Keys).Key.Span));
        }

        using var database = Opened();
        var loaded = FrontLoader.Load(database);
        Assert.Equal(lease, Assert.Single(loaded.Leases.From(0)).Id);
        Assert.Single(loaded.Leases.KeysOf(lease, []));
    }
}
