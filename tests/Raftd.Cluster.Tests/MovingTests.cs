using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Raftd.Cluster.Tests.Support;

namespace Raftd.Cluster.Tests;

/// <summary>A cluster moves onto a database and back by <c>raftd export</c> and <c>raftd import</c>, and has the same keys and leases.</summary>
public sealed class MovingTests : ClusterTest
{
    private const int Keys = 2000;
    private const int Leases = 10;

    /// <summary>Around what a database keeps in one row, in two, and in pieces.</summary>
    private static readonly int[] Sizes = [0, 1, 4096, 4097, 524_288, 524_289, 1_500_000];

    // What differs by nature: it counts the changes of the one that it is in, or the time.
    private static readonly string[] OfTheStore = ["mod_revision", "create_revision", "version", "revision", "sha256", "cluster", "ttl"];

    [Theory]
    [InlineData(Deployment.PostgresFronts)]
    [InlineData(Deployment.MariaDbFronts, Explicit = true)] // by tests/long.sh
    public async Task Cluster_MovesOntoADatabaseAndBack_KeyByKey(Deployment deployment)
    {
        Print($"seed {Seed.Value}");
        var fronts = await Deployments.StartAsync(Scene, deployment);
        var members = await TestCluster.StartAsync(Scene, 2);
        await FillAsync(members[0], new Random(Seed.Value));
        var before = await ExportAsync(members[0], "before");
        Assert.True(before.Count > Keys + Leases, $"only {before.Count} lines");

        await RaftdAsync($"import {Scene.PathOf("before")} -endpoint http://{fronts[0].Address}");
        foreach (var front in fronts.Members)
        {
            Assert.Equal(before, await ExportAsync(front, "at-" + front.Label), StringComparer.Ordinal);
        }

        await EmptyAsync(members[0], before);
        await RaftdAsync($"import {Scene.PathOf("at-" + fronts.Members[^1].Label)} -endpoint http://{members[0].Address}");
        Assert.Equal(before, await ExportAsync(members[1], "after"), StringComparer.Ordinal);
    }

    private static async Task EmptyAsync(Member member, IReadOnlyList<string> exported)
    {
        foreach (var lease in exported.Select(static line => JsonNode.Parse(line)!).Where(static line => line["key"] is null && line["lease"] is not null))
        {
            Assert.Equal(200, (await member.PostAsync($"/lease/revoke/{lease["lease"]}")).Status);
        }

        foreach (var prefix in (string[])["k", "size/"])
        {
            Assert.Equal(200, (await member.SendAsync(HttpMethod.Delete, $"/key/{prefix}?prefix=1")).Status);
        }
    }

    /// <summary>Names and values of all bytes, values of all sizes that matter, and services with leases.</summary>
    private static async Task FillAsync(Member member, Random random)
    {
        for (var number = 0; number < Keys; number++)
        {
            var value = new byte[random.Next(300)];
            random.NextBytes(value);
            // A zero is no part of a URL.
            var name = "n" + string.Concat(Enumerable.Range(0, random.Next(1, 20)).Select(_ => $"%{random.Next(1, 256):x2}"));
            Assert.Equal(200, (await member.PutAsync($"/key/k{number}/{name}", value)).Status);
        }

        foreach (var size in Sizes)
        {
            Assert.Equal(200, (await member.PutAsync($"/key/size/{size}", RandomNumberGenerator.GetBytes(size))).Status);
        }

        for (var number = 0; number < Leases; number++)
        {
            var lease = (await member.PostAsync($"/lease/grant?ttl=3600&name=/service/{number}")).Text;
            Assert.Equal(200, (await member.PostAsync($"/lease/keepalive/{lease}", ("key", "info"), ("data", $"at {number}"))).Status);
            Assert.Equal(200, (await member.PutAsync($"/key/leased/{number}?lease={lease}", "attached")).Status);
        }
    }

    /// <returns>The lines, without what counts changes.</returns>
    private async Task<IReadOnlyList<string>> ExportAsync(Member member, string name)
    {
        var file = Scene.PathOf(name);
        await RaftdAsync($"export -endpoint http://{member.Address} > {file}");
        return [.. File.ReadLines(file, Encoding.UTF8).Select(static line =>
        {
            var fields = JsonNode.Parse(line)!.AsObject();
            Array.ForEach(OfTheStore, field => fields.Remove(field));
            return fields.ToJsonString();
        })];
    }
}
