using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Raftd.Contract;
using Raftd.Sql.Tests.Contract;
using Raftd.Sql.Tests.Memory;

namespace Raftd.Sql.Tests.Fronts;

/// <summary>What a key was, where it has many versions: how often the database is asked.</summary>
public sealed class RevisionReadTests
{
    // More than two pages of versions, and commits take what waits together.
    private const int Versions = 2500;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(Versions / 2)]
    [InlineData(Versions - 2)]
    public async Task Read_OfOneKeyAtARevision_LooksUpOneVersion(int place)
    {
        var looks = new ConcurrentQueue<string>();
        await using var front = await FrontOver.StartAsync(FailingCalls.Of(new MemoryDatabase(), call => Note(looks, call)));
        var written = await Task.WhenAll(Enumerable.Range(0, Versions).Select(number => PutAsync(front, number)));
        var (revision, value) = written.Order().ElementAt(place);
        looks.Clear();

        var then = await front.KeyValues.RangeAsync(Caller.Nobody, new RangeRequest { Key = Bytes("key"), Revision = revision }, Stop);

        Assert.Equal((revision, value), (then.Items[0].ModRevision, Encoding.UTF8.GetString(then.Items[0].Value.Span)));
        Assert.Equal("VersionsOf", Assert.Single(looks));
    }

    private static async Task<(long Revision, string Value)> PutAsync(SqlFront front, int number)
    {
        var value = string.Create(CultureInfo.InvariantCulture, $"v{number}");
        var put = await front.KeyValues.PutAsync(Caller.Nobody, new PutRequest { Key = Bytes("key"), Value = Bytes(value) }, Stop);
        return (put.Revision, value);
    }

    /// <summary>Never fails.</summary>
    private static bool Note(ConcurrentQueue<string> looks, string call)
    {
        if (call.StartsWith("Versions", StringComparison.Ordinal))
        {
            looks.Enqueue(call);
        }

        return false;
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
