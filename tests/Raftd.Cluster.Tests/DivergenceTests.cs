using System.Buffers.Binary;
using Raftd.Cluster.Tests.Support;
using Raftd.Store.Buckets;
using Raftd.Store.Lmdb;
using Raftd.Testing;

namespace Raftd.Cluster.Tests;

/// <summary>A member whose state says something else than its peers' (failures 34 and 37 of docs/failures.md).</summary>
public sealed class DivergenceTests : ClusterTest
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task StateThatDiffersFromTheMajoritys_IsFenced_AndTheOthersGoOn()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3);
        var member = await cluster.FollowerAsync();
        Assert.Equal(200, (await member.PutAsync("/key/before", "1")).Status);
        var id = (await member.StatusAsync()).MemberId;
        await Until.TrueAsync("the state is flushed", Limit, async () => (await member.StatusAsync()).AppliedIndex > 0);
        Assert.Equal(0, await member.StopAsync());
        FlipTheHash(Path.Combine(member.DataDirectory, "state"));
        member.Start();

        await Until.TrueAsync("the member fences itself and the others name it", Limit, async () =>
        {
            var other = cluster.Except(member).First();
            Assert.Equal(200, (await other.PutAsync("/key/after", "2")).Status);
            var (own, theirs) = (await member.StatusAsync(), await other.StatusAsync());
            Assert.DoesNotContain("FENCED", theirs.Alarms, StringComparer.Ordinal);
            return own.Alarms.Contains("FENCED", StringComparer.Ordinal) && theirs.Alarms.SequenceEqual([$"CORRUPT:{id}"]);
        });

        Assert.Equal(503, (await member.GetAsync("/readyz")).Status);
        Assert.Equal(503, (await member.GetAsync("/key/before")).Status);
        Assert.Equal(503, (await member.GetAsync("/key/before?level=stale")).Status);
        Assert.Contains("differs from the majority's", member.Log, StringComparison.Ordinal);
        Assert.Equal(0, await member.StopAsync());
        member.Start();
        await Until.TrueAsync("it starts, and is fenced before it has compared anything", Limit, async () =>
            (await member.StatusAsync()).Alarms.Contains("FENCED", StringComparer.Ordinal));
        Assert.Equal(503, (await member.GetAsync("/key/before?level=stale")).Status);
        Assert.Contains("fenced itself before it was started again", member.Log, StringComparison.Ordinal);
        Assert.Equal("1", (await cluster.Except(member).First().GetAsync("/key/before")).Text);

        Assert.Equal(200, (await cluster.Except(member).First().SendAsync(HttpMethod.Delete, $"/members/{member.Label}")).Status);
        await Until.TrueAsync("the alarm goes with the member", Limit, async () =>
            (await cluster.Except(member).First().StatusAsync()).Alarms.Length == 0);
    }

    /// <summary>The pair `state` of the bucket meta: format, index and term as numbers of varying length, then the hash; and a
    /// checksum that is right, as that of a member that computes something else would be.</summary>
    private static void FlipTheHash(string stateDirectory)
    {
        var key = "state"u8.ToArray();
        using var store = LmdbBucketStore.Open(stateDirectory);
        store.Write(writer =>
        {
            Assert.True(writer.TryGet(Bucket.Meta, key, out var found));
            var value = found.ToArray();
            var hash = AfterNumber(value, AfterNumber(value, 1));
            value[hash] ^= 1;
            var checksum = value.AsSpan(value.Length - StoredChecksum.Bytes);
            BinaryPrimitives.WriteUInt32LittleEndian(checksum, StoredChecksum.Of(key, value.AsSpan(0, value.Length - StoredChecksum.Bytes)));
            writer.Put(Bucket.Meta, key, value);
        });
    }

    private static int AfterNumber(byte[] value, int offset) =>
        offset + Array.FindIndex(value[offset..], part => part < 0x80) + 1;
}
