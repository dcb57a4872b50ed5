using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Raftd.Api.Wire;
using Raftd.Cluster.Tests.Support;

namespace Raftd.Conformance.Tests;

/// <summary>The same random requests to etcd and to raftd, one after the other: the same answers, but for ids and times, and for
/// what docs/etcd-compatibility.md says is different (KnownDifferences).</summary>
public sealed class DifferentialTests(ITestOutputHelper output)
{
    private static readonly Call Read = RandomRequests.RangeOf(ByteString.CopyFromUtf8("read"));

    [Theory]
    [InlineData(Deployment.OneMember)]
    [InlineData(Deployment.PostgresFronts, Traits = new[] { "Database", "postgres" })]
    [InlineData(Deployment.MariaDbFronts, Traits = new[] { "Database", "mysql" })]
    public async Task RandomRequests_OverGrpcAndJson_AreAnsweredAsEtcdAnswersThem(Deployment deployment)
    {
        await using var servers = await TwoServers.StartAsync(deployment);
        var (count, seed) = (TwoServers.RequestsTo(deployment), TwoServers.Seed);
        output.WriteLine($"seed {seed}, {count} requests");
        var requests = new RandomRequests(new Random(seed));
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var sent = 0; sent < count; sent++)
        {
            var call = requests.Next();
            var isJson = sent % 4 == 3;
            var (one, other) = (servers.Etcd, servers.Raftd[sent % servers.Raftd.Count]);
            if (call.Path.Contains("Lease", StringComparison.Ordinal) && servers.Raftd.Count > 1)
            {
                // Its answer has the revision that the asked server knows of: that of a read there before, at the least.
                await other.CallAsync(Read.Path, Read.Request, Read.Answers);
            }

            var expected = isJson ? await AskJsonAsync(one, call) : await AskAsync(one, call);
            var actual = isJson ? await AskJsonAsync(other, call) : await AskAsync(other, call);
            if (expected != actual && !KnownDifferences.Explain(call, expected, actual))
            {
                Assert.Fail($"request {sent} of seed {seed}, {(isJson ? "JSON" : "gRPC")}: {call}\netcd:  {expected}\nraftd: {actual}");
            }

            requests.Revision = Math.Max(requests.Revision, expected.Revision);
            var kind = $"{call.Path[(call.Path.LastIndexOf('/') + 1)..]} {(expected.Code == 0 ? "done" : "refused")}";
            counts[kind] = counts.GetValueOrDefault(kind) + 1;
        }

        output.WriteLine(string.Join(", ", counts.Select(static count => $"{count.Key} {count.Value}")));
    }

    private static async Task<Told> AskAsync(GrpcPeer peer, Call call)
    {
        var answer = await peer.CallAsync(call.Path, call.Request, call.Answers);
        return new Told(answer.Code, answer.Message, answer.Response is null ? "" : Plain(answer.Response), RevisionOf(answer.Response));
    }

    private static async Task<Told> AskJsonAsync(GrpcPeer peer, Call call)
    {
        var text = JsonFormatter.Default.Format(call.Request);
        using var request = new HttpRequestMessage(HttpMethod.Post, call.JsonPath)
        {
            Version = HttpVersion.Version11,
            Content = new StringContent(text, Encoding.UTF8, "application/json"),
        };
        using var response = await peer.Http.SendAsync(request);
        var json = JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return new Told((int)response.StatusCode, json["message"]?.GetValue<string>() ?? "", "", 0);
        }

        var revision = json["header"]?["revision"]?.GetValue<string>() ?? "0";
        Scrub(json);
        return new Told(0, "", json.ToJsonString(Compact), long.Parse(revision, CultureInfo.InvariantCulture));
    }

    private static JsonSerializerOptions Compact { get; } = new();

    internal static long RevisionOf(IMessage? response) =>
        ((ResponseHeader?)response?.Descriptor.FindFieldByName("header").Accessor.GetValue(response))?.Revision ?? 0;

    /// <summary>As text, without what cannot be equal.</summary>
    private static string Plain(IMessage response)
    {
        var header = (ResponseHeader?)response.Descriptor.FindFieldByName("header").Accessor.GetValue(response);
        header?.ClusterId = header.MemberId = header.RaftTerm = 0;
        switch (response)
        {
            case LeaseTimeToLiveResponse lease:
                lease.TTL = Math.Sign(lease.TTL);
                Sort(lease.Keys, static key => key.ToBase64());
                break;
            case LeaseLeasesResponse leases:
                Sort(leases.Leases, static lease => $"{lease.ID}");
                break;
            default:
                break;
        }

        return JsonFormatter.Default.Format(response);
    }

    private static void Sort<T>(Google.Protobuf.Collections.RepeatedField<T> items, Func<T, string> by)
    {
        var sorted = items.OrderBy(by, StringComparer.Ordinal).ToList();
        items.Clear();
        items.AddRange(sorted);
    }

    private static void Scrub(JsonObject json)
    {
        if (json["header"] is JsonObject header)
        {
            foreach (var name in (string[])["cluster_id", "member_id", "raft_term"])
            {
                Assert.True(header.Remove(name), $"the header has no {name}");
            }
        }

        // The time that is left runs on between the two.
        if (json.ContainsKey("grantedTTL"))
        {
            json.Remove("TTL");
        }

        foreach (var name in (string[])["keys", "leases"])
        {
            if (json[name] is JsonArray items)
            {
                json[name] = new JsonArray([.. items.Select(static item => item!.ToJsonString()).Order(StringComparer.Ordinal).Select(static item => JsonNode.Parse(item))]);
            }
        }
    }
}

/// <summary>An answer without ids and times.</summary>
/// <param name="Code">Of gRPC, or the HTTP status of a failure; 0 for success.</param>
/// <param name="Message">Of a failure.</param>
/// <param name="Body">Of success.</param>
/// <param name="Revision">Of its header.</param>
internal sealed record Told(int Code, string Message, string Body, long Revision);
