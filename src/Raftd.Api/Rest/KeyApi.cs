using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;
using Raftd.Api.Http;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Routing;
using Raftd.Contract;

namespace Raftd.Api.Rest;

/// <summary>/key/{key}: one key's bytes.</summary>
internal sealed class KeyApi(ApiServices services)
{
    /// <summary>Larger values are counted as answers, and shared by all who read them. What the store caches is below it.</summary>
    private const int InlineBytes = 4 * 1024;

    /// <summary>A read begins anew where a compaction removed the version between the look at it and the load.</summary>
    private const int MaxReads = 10;

    /// <summary>A value is a client's bytes on our origin: a browser may show it and may not run it.</summary>
    private static readonly StringValues ValueCsp = "sandbox; default-src 'none'";

    private static readonly StringValues BytesUnit = "bytes";

    private static readonly ApiParameter KeyParameter = new(
        ParameterPlace.Path, "key", $"1 byte to {ApiOptions.DefaultMaxKeyBytes / 1024} KiB of any bytes, slashes included", "test/a", Required: true);

    private static readonly ApiParameter IfMatch = new(
        ParameterPlace.Header, "If-Match", "only if the key's mod revision is one of these, as `\"7\"`, or `*` for any");

    public void Map(IEndpointRouteBuilder rest)
    {
        var key = rest.MapGroup("/key/{**key}")
            .WithTags("Keys")
            .WithTraits(RouteTraits.NeedsLeader | RouteTraits.HasRevision)
            .WithParameters(KeyParameter, CommonParameters.Key64);
        DescribePut(key.MapPut("", PutAsync));
        DescribeGet(key.MapGet("", GetAsync));
        DescribeDelete(key.MapDelete("", DeleteAsync));
    }

    private static void DescribePut(RouteHandlerBuilder put) => put
        .WithSummary("Store the body as the key's value")
        .WithParameters(
            new(ParameterPlace.Query, "ttl", "seconds until the key goes; 0 takes its time limit away"),
            new(ParameterPlace.Query, "lease", "the id of the lease to attach"),
            new(ParameterPlace.Query, "prev", "1: answer the value before; 204 if there was none"),
            IfMatch,
            new(ParameterPlace.Header, "If-None-Match", "`*`: only if the key does not exist"))
        .WithBody(ContentTypes.Text, "hello")
        .WithBody(ContentTypes.Bytes)
        .Answers(
            200,
            "stored; ETag and X-Raftd-Revision carry its revision; with prev the value before, without an ETag",
            ContentTypes.Bytes)
        .Answers(204, "stored; prev was asked for and there was none")
        .Refuses(404, "no such lease")
        .Refuses(409, "the lease has as many keys as it may")
        .Refuses(412, "the condition does not hold")
        .Refuses(413, "the value is too large");

    private static void DescribeGet(RouteHandlerBuilder get) => get
        .WithSummary("The bytes as stored")
        .WithParameters(
            CommonParameters.Level,
            new(ParameterPlace.Query, "rev", "the value as it was at this revision"),
            new(ParameterPlace.Query, "wait", "wait this long for a version newer than `after`, as 30s, 500ms, 2m"),
            new(ParameterPlace.Query, "after", "a revision; together with `wait`"),
            new(ParameterPlace.Query, "default", "answered where the key does not exist"),
            new(ParameterPlace.Header, "Range", "`bytes=0-99`: part of the value"),
            new(ParameterPlace.Header, "If-None-Match", "304 if the key's mod revision is one of these"),
            IfMatch)
        .Answers(200, "the value", ContentTypes.Bytes)
        .Answers(206, "the part asked for", ContentTypes.Bytes)
        .Answers(304, "not newer than If-None-Match, or nothing newer came within wait")
        .Refuses(404, "no such key")
        .Refuses(410, "that revision has been compacted away")
        .Refuses(412, "the condition does not hold")
        .Refuses(416, "the range lies beyond the value");

    private static void DescribeDelete(RouteHandlerBuilder delete) => delete
        .WithSummary("Delete the key, or all keys under it")
        .WithParameters(
            new(ParameterPlace.Query, "prefix", "1: every key that starts with this one"),
            new(ParameterPlace.Query, "all", "1: every key there is; the path ends at the slash"),
            IfMatch)
        .Answers(200, "done; X-Raftd-Deleted says how many")
        .Refuses(412, "the condition does not hold");

    private async ValueTask PutAsync(RestCall call)
    {
        var key = call.KeyToPut();
        var ttl = call.Query.Number("ttl", 0, Bounds.MaxLeaseTtlSeconds);
        var lease = call.Query.Number("lease", 1, long.MaxValue);
        if (ttl > 0 && lease is not null)
        {
            ApiException.BadRequest("`ttl` and `lease` contradict each other", "give one of them");
        }

        var wantsPrevious = call.Query.Flag("prev");
        var condition = KeyConditions.OfPut(call.Request.Headers);
        using var body = await call.ReadBodyAsync(call.MaxValueBytes, "-max-value-bytes");
        using var share = wantsPrevious ? await HoldPreviousAsync(call, key) : null;
        var answer = await call.Keyspace.Keys.PutAsync(
            call.Caller,
            new PutRequest
            {
                Key = key,
                Value = body.Bytes,
                Lease = lease ?? 0,
                TtlSeconds = ttl ?? 0,
                ReturnPrevious = wantsPrevious,
                Condition = condition,
            },
            CancellationToken.None);

        // A slow reader of the old value does not hold the new one, too.
        body.Dispose();
        call.SetRevision(answer.Revision);
        if (!answer.Succeeded)
        {
            throw await KeyConditions.FailedInApplyAsync(call, key, answer.Revision);
        }

        if (answer.Previous is { } previous)
        {
            // No ETag: the body's would be the old one and the key's is the new one, and a client that takes the one for
            // the other overwrites what it has not seen.
            share?.Correct(previous.Value.Length);
            SetVersion(call.Response.Headers, previous);
            SetValueHeaders(call, key);
            await call.WriteCountedAsync(previous.Value);
            return;
        }

        call.Response.Headers.ETag = EntityTags.Format(answer.Revision);
        await call.WriteEmptyAsync(wantsPrevious ? StatusCodes.Status204NoContent : StatusCodes.Status200OK);
    }

    /// <summary>Counts the value that the answer will carry, before the put: afterwards it could not be refused.</summary>
    /// <remarks>As large as it is now. If another put comes in between, the answer counts what it really has.</remarks>
    private async ValueTask<ByteBudget.Share> HoldPreviousAsync(RestCall call, byte[] key)
    {
        var now = await call.Keyspace.Keys.RangeAsync(
            call.Caller, new RangeRequest { Key = key, KeysOnly = true, Level = ReadLevel.Stale }, CancellationToken.None);
        return services.Answers.Hold(now.Items.Count == 0 ? 0 : now.Items[0].ValueBytes);
    }

    private async ValueTask GetAsync(RestCall call)
    {
        var key = call.Key();
        for (var read = 1; ; read++)
        {
            try
            {
                await AnswerAsync(call, key, await ReadAsync(call, key));
                return;
            }
            catch (StoreException gone) when (
                gone.Code == ErrorCode.Compacted && read < MaxReads && AskedRevision(call) is null)
            {
                // The newest version cannot be compacted away: there is a newer one by now, or none.
                call.Response.Clear();
            }
        }
    }

    private ValueTask AnswerAsync(RestCall call, byte[] key, RangeResponse? answer)
    {
        if (answer is null)
        {
            call.SetRevision(call.Keyspace.Cluster.Revision);
            return call.WriteEmptyAsync(StatusCodes.Status304NotModified);
        }

        call.SetRevision(answer.Revision);
        if (answer.Items.Count == 0)
        {
            return AnswerMissingAsync(call, key);
        }

        var item = answer.Items[0];
        var headers = call.Response.Headers;
        headers.ETag = EntityTags.Format(item.ModRevision);
        headers.AcceptRanges = BytesUnit;
        SetVersion(headers, item);
        return KeyConditions.IsFresh(call.Request.Headers, item)
            ? call.WriteEmptyAsync(StatusCodes.Status304NotModified)
            : WriteItemAsync(call, key, item, AskedRevision(call) ?? answer.Revision);
    }

    private static long? AskedRevision(RestCall call) => call.Query.Number("rev", 1, long.MaxValue);

    /// <returns>Null where a wait ended without news.</returns>
    private ValueTask<RangeResponse?> ReadAsync(RestCall call, byte[] key)
    {
        var level = call.Level();
        var revision = AskedRevision(call);
        var maxValueBytes = call.IsHead ? 0 : InlineBytes;
        var wait = call.Query.Duration("wait", services.Options.MaxWait);
        var after = call.Query.Number("after", 0, long.MaxValue);
        if ((wait is null) != (after is null))
        {
            ApiException.BadRequest("`wait` and `after` go together", "as ?wait=30s&after=7, 7 being the revision you have");
        }

        if (wait is { } timeLimit)
        {
            if (revision is not null)
            {
                ApiException.BadRequest("`wait` and `rev` contradict each other", "the past does not change");
            }

            var request = new WaitRequest
            {
                Key = key,
                AfterRevision = after!.Value,
                TimeLimit = timeLimit,
                Level = level,
                MaxValueBytes = maxValueBytes,
            };
            return call.Keyspace.Keys.WaitAsync(call.Caller, request, call.ClientGone);
        }

        return RangeAsync(
            call, new RangeRequest { Key = key, Revision = revision ?? 0, Level = level, MaxValueBytes = maxValueBytes });
    }

    private static async ValueTask<RangeResponse?> RangeAsync(RestCall call, RangeRequest request) =>
        await call.Keyspace.Keys.RangeAsync(call.Caller, request, CancellationToken.None);

    private static ValueTask AnswerMissingAsync(RestCall call, byte[] key)
    {
        if (call.Request.Headers.IfMatch.Count > 0)
        {
            throw KeyConditions.Failed(item: null);
        }

        if (!call.Query.TryGet("default", out var text))
        {
            throw new ApiException(ApiError.NotFound("there is no such key", "?default=text answers that text instead"));
        }

        SetValueHeaders(call, key);
        return call.WriteBytesAsync(text);
    }

    private static void SetVersion(IHeaderDictionary headers, KeyValue item)
    {
        headers["X-Raftd-Create-Revision"] = RestCall.Format(item.CreateRevision);
        headers["X-Raftd-Mod-Revision"] = RestCall.Format(item.ModRevision);
        headers["X-Raftd-Version"] = RestCall.Format(item.Version);
        headers["X-Raftd-Lease"] = RestCall.Format(item.Lease);
    }

    /// <param name="call">The request.</param>
    /// <param name="key">The key.</param>
    /// <param name="item">The version to answer; without its value where that is large.</param>
    /// <param name="revision">Where the version was found, and is found again.</param>
    private async ValueTask WriteItemAsync(RestCall call, byte[] key, KeyValue item, long revision)
    {
        var part = PartOf(call, item);
        if (call.IsHead)
        {
            SetPartHeaders(call, key, item, part);
            call.Response.ContentLength = part?.Length ?? item.ValueBytes;
        }
        else if (item.Value.Length == item.ValueBytes)
        {
            SetPartHeaders(call, key, item, part);
            await call.WriteBytesAsync(Slice(item.Value, part));
        }
        else
        {
            using var shared = await call.Keyspace.Values.ReadAsync(call.Caller, key, item, revision);
            SetPartHeaders(call, key, item, part);
            await call.WriteCountedAsync(Slice(await shared.Loaded, part));
        }
    }

    /// <returns>Null for the whole value.</returns>
    private static ByteRange? PartOf(RestCall call, KeyValue item)
    {
        var header = call.Request.Headers.Range;
        if (header.Count == 0
            || !IfRangeHolds(call, item)
            || !ByteRange.TryParse(header, item.ValueBytes, out var range))
        {
            return null;
        }

        if (range is null)
        {
            call.Response.Headers.ContentRange = $"bytes */{item.ValueBytes}";
            throw new ApiException(ApiError.RangeNotSatisfiable(item.ValueBytes));
        }

        return range;
    }

    private static void SetPartHeaders(RestCall call, byte[] key, KeyValue item, ByteRange? range)
    {
        SetValueHeaders(call, key);
        if (range is { } part)
        {
            call.Response.StatusCode = StatusCodes.Status206PartialContent;
            call.Response.Headers.ContentRange = $"bytes {part.Start}-{part.End - 1}/{item.ValueBytes}";
        }
    }

    private static ReadOnlyMemory<byte> Slice(ReadOnlyMemory<byte> value, ByteRange? range) =>
        range is { } part ? value.Slice((int)part.Start, (int)part.Length) : value;

    private static bool IfRangeHolds(RestCall call, KeyValue item)
    {
        var ifRange = call.Request.Headers.IfRange;
        return ifRange.Count == 0 || string.Equals(ifRange, EntityTags.Format(item.ModRevision), StringComparison.Ordinal);
    }

    private static void SetValueHeaders(RestCall call, byte[] key)
    {
        call.SetContentType(ContentTypes.Of(key));
        call.Response.Headers.ContentSecurityPolicy = ValueCsp;
    }

    private async ValueTask DeleteAsync(RestCall call)
    {
        var request = DeleteRequest(call);
        var answer = await call.Keyspace.Keys.DeleteRangeAsync(call.Caller, request, CancellationToken.None);
        call.SetRevision(answer.Revision);
        if (!answer.Succeeded)
        {
            throw await KeyConditions.FailedInApplyAsync(call, request.Key, answer.Revision);
        }

        call.Response.Headers["X-Raftd-Deleted"] = RestCall.Format(answer.Deleted);
        await call.WriteEmptyAsync();
    }

    private static DeleteRangeRequest DeleteRequest(RestCall call)
    {
        var condition = KeyConditions.OfDelete(call.Request.Headers);
        var prefix = call.Query.Flag("prefix");
        var all = call.Query.Flag("all");
        if (!prefix && !all)
        {
            return new DeleteRangeRequest { Key = call.Key(), Condition = condition };
        }

        if (condition is not null)
        {
            ApiException.BadRequest("If-Match names one key and `prefix` or `all` many", "give one of them");
        }

        var key = call.KeyOrEmpty();
        if (all != (key.Length == 0))
        {
            ApiException.BadRequest(
                all ? "`all=1` and a key contradict each other" : "an empty prefix is every key there is",
                all ? "end the path at the slash, or leave `all` out" : "say so with ?all=1");
        }

        return all ? KeyRanges.All() : KeyRanges.Prefix(key);
    }
}
