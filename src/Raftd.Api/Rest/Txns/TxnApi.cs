using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Raftd.Api.Http;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Lists;
using Raftd.Api.Rest.Routing;
using Raftd.Api.Rest.Views;
using Raftd.Contract;

namespace Raftd.Api.Rest.Txns;

/// <summary>/txn: several keys at once.</summary>
internal sealed class TxnApi(ApiServices services)
{
    private const int MaxBodyBytes = 8 * 1024 * 1024;

    /// <summary>The parsed body as UTF-16, and as bytes again.</summary>
    private const int CopiesOfABody = 4;

    public void Map(IEndpointRouteBuilder rest) => rest.MapPost("/txn", AnswerAsync)
        .WithTags("Keys")
        .WithTraits(RouteTraits.NeedsLeader | RouteTraits.HasRevision)
        .WithSummary("Compare keys, and then do one of two lists of operations, all or nothing")
        .WithDescription(
            "`if`: key with one of exists, value, version, create_revision, mod_revision, lease; `is` (=, !=, <, >); prefix for each "
            + "key under it. `then`, `else`: put with value, lease, prev; get with prefix, limit, keys_only; delete with prefix, "
            + "prev. Keys and values as base64 in a field with 64 behind its name, as put64.")
        .WithBody(
            ContentTypes.Json,
            """{"if":[{"key":"test/seat","exists":false}],"then":[{"put":"test/seat","value":"ann"}],"else":[{"get":"test/seat"}]}""")
        .AnswersJson(200, "done; succeeded says which list", typeof(TxnView))
        .Refuses(404, "a lease that a put names does not exist")
        .Refuses(413, "the body is too large");

    private async ValueTask AnswerAsync(RestCall call)
    {
        using var body = await call.ReadBodyAsync(MaxBodyBytes, "fixed for /txn");
        using var parsed = body.Bytes.Length > RequestBody.SmallBytes
            ? services.LargeBodies.Hold((long)CopiesOfABody * body.Bytes.Length)
            : null;
        var request = TxnBody.Parse(body.Bytes);
        RequireKeyLengths(request);
        call.Keyspace.Cluster.Limits.RequireKeys(request);
        var answer = await call.Keyspace.Keys.TxnAsync(call.Caller, request, CancellationToken.None);
        call.SetRevision(answer.Revision);

        // It is done, and can no longer be refused.
        using var share = services.Answers.Hold(0);
        share.Correct(answer.Responses.Sum(BytesOf));
        await using var stream = new ItemStream(call, isLong: false);
        await stream.RunAsync(() => WriteAsync(stream, answer));
    }

    private void RequireKeyLengths(TxnRequest request)
    {
        var most = services.Options.MaxKeyBytes;
        if (request.Success.Concat(request.Failure).FirstOrDefault(operation => operation.Put?.Key.Length > most) is { Put: { } put })
        {
            ApiException.BadRequest($"a key has {put.Key.Length} bytes", $"a key has at most {most} bytes");
        }
    }

    private static long BytesOf(TxnOperationResponse answer) =>
        (answer.Range?.Items ?? answer.DeleteRange?.Previous ?? (answer.Put?.Previous is { } previous ? [previous] : []))
        .Sum(static item => (long)item.Key.Length + item.Value.Length);

    private static async ValueTask WriteAsync(ItemStream stream, TxnResponse answer)
    {
        stream.Json.WriteStartObject();
        stream.Json.WriteBoolean("succeeded", answer.Succeeded);
        stream.Json.WriteString("revision", RestCall.Format(answer.Revision));
        stream.Json.WriteStartArray("results");
        foreach (var response in answer.Responses)
        {
            stream.Json.WriteStartObject();
            await WriteResultAsync(stream, response);
            stream.Json.WriteEndObject();
        }

        stream.Json.WriteEndArray();
        stream.Json.WriteEndObject();
    }

    private static async ValueTask WriteResultAsync(ItemStream stream, TxnOperationResponse response)
    {
        if (response.Range is { } range)
        {
            stream.Json.WriteNumber("count", range.Count);
            stream.Json.WriteBoolean("more", range.More);
            await WriteItemsAsync(stream, "items", range.Items);
        }
        else if (response.DeleteRange is { } deletion)
        {
            stream.Json.WriteNumber("deleted", deletion.Deleted);
            await WriteItemsAsync(stream, "prev", deletion.Previous);
        }
        else
        {
            await WriteItemsAsync(stream, "prev", response.Put?.Previous is { } previous ? [previous] : []);
        }
    }

    private static async ValueTask WriteItemsAsync(ItemStream stream, string name, IReadOnlyList<KeyValue> items)
    {
        stream.Json.WriteStartArray(name);
        foreach (var item in items)
        {
            stream.Json.WriteStartObject();
            stream.WriteBytes("key", "key_encoding", item.Key.Span);
            if (item.Value.Length == item.ValueBytes)
            {
                await stream.WriteValueAsync(item, item.ModRevision);
            }

            stream.WriteRevisions(item);
            stream.Json.WriteEndObject();
        }

        stream.Json.WriteEndArray();
    }
}
