// Writes that depend on what is there: counters, numbered keys, and the way back to an older version.
//
// Each is a read and then a write that takes effect only if nothing has changed what was read. So it is one entry of the log,
// and never done twice: a write whose outcome is unknown is answered so, and not tried again. Requests of one member to one key
// wait for each other (KeyTurns), so a write is in vain only where another member's came first, which means that one was done.
// After some of those the client is told to try again.

using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Routing;
using Raftd.Contract;

namespace Raftd.Api.Rest;

/// <summary>POST /key/{key} and POST /keys/{prefix}.</summary>
internal static class KeyChangeApi
{
    /// <summary>As many as a busy counter needs that is counted at every member of a large cluster.</summary>
    private const int MaxTries = 32;

    private const int MaxNumberBytes = 20;

    /// <summary>Of the longest number, so that the order of keys is that of numbers.</summary>
    private const int SuffixDigits = 20;

    public static void Map(IEndpointRouteBuilder rest)
    {
        DescribeChange(rest.MapGroup("/key/{**key}").MapPost("", ChangeAsync));
        DescribeAdd(rest.MapGroup("/keys/{**prefix}").MapPost("", AddAsync));
    }

    private static void DescribeChange(RouteHandlerBuilder change) => change
        .WithTags("Keys")
        .WithTraits(RouteTraits.NeedsLeader | RouteTraits.HasRevision)
        .WithSummary("Count, or go back to an older version")
        .WithDescription(
            "`op=incr` adds `by` to the integer that the key has, 0 if there is no key, and answers the sum. `op=revert` writes the "
            + "value that the key had at the revision `rev` once more. Either is one atomic change and keeps the key's lease.")
        .WithParameters(
            new(ParameterPlace.Path, "key", "the key", "test/counter", Required: true),
            CommonParameters.Key64,
            new(ParameterPlace.Query, "op", "incr or revert", "incr", Required: true),
            new(ParameterPlace.Query, "by", "with incr: what is added, 1 if it is not given; may be below 0"),
            new(ParameterPlace.Query, "rev", "with revert: the revision whose value comes back"))
        .Answers(200, "incr: the new value; revert: nothing", ContentTypes.Text)
        .Refuses(404, "revert: there was no such key at that revision")
        .Refuses(409, "incr: the value is no integer, or the sum has more than 64 bits; other members changed the key too often")
        .Refuses(410, "revert: that revision has been compacted away");

    private static void DescribeAdd(RouteHandlerBuilder add) => add
        .WithTags("Keys")
        .WithTraits(RouteTraits.NeedsLeader | RouteTraits.HasRevision)
        .WithSummary("Store the body under the prefix and the next number")
        .WithDescription(
            "The number has 20 digits, counts from 1 and is never given twice: the key that is the prefix itself keeps the last one.")
        .WithParameters(new ApiParameter(ParameterPlace.Path, "prefix", "what the key begins with", "test/queue/", Required: true))
        .WithParameters(new ApiParameter(ParameterPlace.Query, "prefix64", "the same as base64url; the path ends at the slash"))
        .WithBody(ContentTypes.Text, "hello")
        .WithBody(ContentTypes.Bytes)
        .Answers(201, "stored; Location has the path of its key")
        .Refuses(409, "the key that is the prefix itself has another value than a number")
        .Refuses(413, "the value is too large");

    private static ValueTask ChangeAsync(RestCall call) => call.Query.Text("op") switch
    {
        "incr" => IncrementAsync(call),
        "revert" => RevertAsync(call),
        null => ApiException.BadRequest<ValueTask>("`op` is missing", "?op=incr counts, ?op=revert&rev=7 goes back to revision 7"),
        var other => ApiException.BadRequest<ValueTask>($"`op={other}` is unknown", "use incr or revert"),
    };

    private static async ValueTask IncrementAsync(RestCall call)
    {
        var key = call.KeyToPut();
        var by = SignedNumber(call.Query.Text("by") ?? "1");
        if (call.Query.Has("rev"))
        {
            ApiException.BadRequest("`rev` says nothing for incr", "leave it out");
        }

        var sum = 0L;
        var answer = await WriteAsync(call, key, now =>
        {
            sum = Sum(NumberOf(now, "the value"), by);
            return Encoding.ASCII.GetBytes(RestCall.Format(sum));
        });
        call.SetRevision(answer.Revision);
        call.Response.Headers.ETag = EntityTags.Format(answer.Revision);
        await call.WriteTextAsync(RestCall.Format(sum));
    }

    private static async ValueTask RevertAsync(RestCall call)
    {
        var key = call.KeyToPut();
        if (call.Query.Has("by"))
        {
            ApiException.BadRequest("`by` says nothing for revert", "leave it out");
        }

        var revision = call.Query.Number("rev", 1, long.MaxValue)
            ?? ApiException.BadRequest<long>("`rev` is missing", "GET /history/{key} shows the revisions there are");
        var then = await call.Keyspace.Keys.RangeAsync(
            call.Caller, new RangeRequest { Key = key, Revision = revision, KeysOnly = true }, CancellationToken.None);
        if (then.Items is not [var version])
        {
            throw new ApiException(ApiError.NotFound(
                $"there was no such key at revision {revision}", "GET /history/{key} shows the revisions there are"));
        }

        using var shared = await call.Keyspace.Values.ReadAsync(call.Caller, key, version, revision);
        var value = await shared.Loaded;
        var answer = await WriteAsync(call, key, _ => value);
        call.SetRevision(answer.Revision);
        call.Response.Headers.ETag = EntityTags.Format(answer.Revision);
        await call.WriteEmptyAsync();
    }

    private static async ValueTask AddAsync(RestCall call)
    {
        var prefix = PrefixOf(call);
        using var body = await call.ReadBodyAsync(call.MaxValueBytes, "-max-value-bytes");
        using var turn = await call.Keyspace.Turns.TakeAsync(prefix, call.ClientGone);
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var last = await ReadAsync(call, prefix);
            var number = Sum(NumberOf(last, "the key that is the prefix itself, which is to have the last number"), 1);
            var digits = RestCall.Format(number);
            byte[] key = [.. prefix, .. Encoding.ASCII.GetBytes(digits.PadLeft(SuffixDigits, '0'))];
            var answer = await call.Keyspace.Keys.TxnAsync(
                call.Caller,
                new TxnRequest
                {
                    Compares = [IsStill(prefix, last), IsStill(key, null)],
                    Success =
                    [
                        new TxnOperation { Put = new PutRequest { Key = prefix, Value = Encoding.ASCII.GetBytes(digits), KeepLease = last is not null } },
                        new TxnOperation { Put = new PutRequest { Key = key, Value = body.Bytes } },
                    ],
                },
                CancellationToken.None);
            if (answer.Succeeded)
            {
                call.SetRevision(answer.Revision);
                call.Response.Headers.ETag = EntityTags.Format(answer.Revision);
                call.Response.Headers.Location = LocationOf(call, key);
                await call.WriteEmptyAsync(StatusCodes.Status201Created);
                return;
            }
        }

        throw TooOften();
    }

    /// <summary>Writes what comes of the version that there is, if that has not changed meanwhile.</summary>
    /// <param name="call">The request.</param>
    /// <param name="key">The key.</param>
    /// <param name="change">From the version, null for none, to the new value.</param>
    private static async ValueTask<PutResponse> WriteAsync(RestCall call, byte[] key, Func<KeyValue?, ReadOnlyMemory<byte>> change)
    {
        using var turn = await call.Keyspace.Turns.TakeAsync(key, call.ClientGone);
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var now = await ReadAsync(call, key);
            var answer = await call.Keyspace.Keys.PutAsync(
                call.Caller,
                new PutRequest
                {
                    Key = key,
                    Value = change(now),
                    KeepLease = now?.Lease > 0,
                    Condition = now is null
                        ? new Precondition { MustNotExist = true }
                        : new Precondition { ModRevisions = [now.ModRevision] },
                },
                CancellationToken.None);
            if (answer.Succeeded)
            {
                return answer;
            }
        }

        throw TooOften();
    }

    /// <summary>The key as it is; a value that is too long for a number is left out.</summary>
    private static async ValueTask<KeyValue?> ReadAsync(RestCall call, byte[] key)
    {
        var answer = await call.Keyspace.Keys.RangeAsync(
            call.Caller, new RangeRequest { Key = key, MaxValueBytes = MaxNumberBytes }, CancellationToken.None);
        return answer.Items is [var item] ? item : null;
    }

    private static Compare IsStill(byte[] key, KeyValue? item) => new()
    {
        Key = key,
        Target = CompareTarget.ModRevision,
        Result = CompareResult.Equal,
        Number = item?.ModRevision ?? 0,
    };

    private static long NumberOf(KeyValue? item, string what)
    {
        if (item is null)
        {
            return 0;
        }

        var isNumber = long.TryParse(item.Value.Span, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
        return isNumber && item.Value.Length == item.ValueBytes
            ? number
            : throw new ApiException(ApiError.Conflict(
                $"{what} is no integer of 64 bits", "decimal digits, perhaps behind a minus, and nothing else; nothing was written"));
    }

    private static long Sum(long number, long by)
    {
        try
        {
            return checked(number + by);
        }
        catch (OverflowException)
        {
            throw new ApiException(ApiError.Conflict($"{number} and {by} make more than 64 bits", "nothing was written"));
        }
    }

    private static long SignedNumber(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : ApiException.BadRequest<long>($"`by={text}` is no whole number of 64 bits");

    private static byte[] PrefixOf(RestCall call)
    {
        var named = call.Query.Base64Url("prefix64");
        if (named is not null && call.Parameter.Length > 0)
        {
            ApiException.BadRequest("the prefix is given twice, in the path and as prefix64", "leave the path at its slash");
        }

        var prefix = named ?? call.Parameter;
        if (prefix.Length == 0)
        {
            ApiException.BadRequest("the prefix is empty", "name it in the path: /keys/queue/");
        }

        var most = call.Services.Options.MaxKeyBytes - SuffixDigits;
        if (prefix.Length > most)
        {
            ApiException.BadRequest($"the prefix has {prefix.Length} bytes", $"with the number's it has at most {most}");
        }

        call.Keyspace.Cluster.Limits.RequireKey(prefix.Length + SuffixDigits);
        return prefix;
    }

    /// <summary>Clients resolve dot segments before they send a path.</summary>
    private static string LocationOf(RestCall call, byte[] key) => key.Contains((byte)0) || key.AsSpan().IndexOf("./"u8) >= 0
        ? $"{call.Keyspace.Prefix}/key/?key64={System.Buffers.Text.Base64Url.EncodeToString(key)}"
        : $"{call.Keyspace.Prefix}/key/{PercentEncoding.Encode(key)}";

    private static ApiException TooOften() => new(ApiError.Conflict(
        $"other members have changed the key {MaxTries} times meanwhile; nothing was written", "try again"));
}
