using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Routing;
using Raftd.Api.Rest.Views;
using Raftd.Contract;

namespace Raftd.Api.Rest;

/// <summary>/lease/kv/{key}: service discovery, the data of live leased keys.</summary>
internal sealed class LeasedKeysApi(ApiServices services)
{
    /// <summary>JSON data may nest as deep as this; deeper data is answered as a string.</summary>
    private const int MaxJsonDepth = 256;

    private const int FlushBytes = 64 * 1024;

    private static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = MaxJsonDepth + 2,

        // Each piece of embedded JSON has been read through before it is written.
        SkipValidation = true,
    };

    public void Map(IEndpointRouteBuilder rest)
    {
        var leasedKeys = rest.MapGroup("/lease/kv/{**key}")
            .WithTags("Leases")
            .WithTraits(RouteTraits.NeedsLeader | RouteTraits.HasRevision)
            .WithSummary("The data of all live leased keys, by lease name, lease id and key")
            .WithDescription("JSON data comes as JSON, other text as a string, bytes as `{\"base64\": …}`.")
            .WithParameters(
                new(ParameterPlace.Path, "key", "the key's own name starts with this; `*` is every key", "nodeinfo", Required: true),
                CommonParameters.Key64,
                new(ParameterPlace.Query, "exact", "1: the key's own name is this, `*` included"),
                new(ParameterPlace.Query, "full", "1: objects with lease, name, key, value and ttl"))
            .AnswersJson(200, "the data; with full=1 as described", typeof(LeasedKeyView[]));
        leasedKeys.MapPost("", AnswerAsync).WithParameters(Prefix(ParameterPlace.Form));
        leasedKeys.MapGet("", AnswerAsync).WithParameters(Prefix(ParameterPlace.Query));
    }

    private static ApiParameter Prefix(ParameterPlace place) =>
        new(place, "prefix", "the lease's name starts with this", "/esq/node", Required: true);

    private async ValueTask AnswerAsync(RestCall call)
    {
        var exact = call.Query.Flag("exact");
        var full = call.Query.Flag("full");
        var key = call.Key();
        var prefix = HttpMethods.IsPost(call.Request.Method) ? await PrefixOfFormAsync(call) : call.Query.Text("prefix");
        if (string.IsNullOrEmpty(prefix))
        {
            ApiException.BadRequest("`prefix` is missing", "give the beginning of the leases' names: -d prefix=/esq/node");
        }

        var everyKey = !exact && key.AsSpan().SequenceEqual("*"u8);
        var answer = await call.Keyspace.Leases.LeasedKeysAsync(
            call.Caller,
            new LeasedKeysRequest
            {
                NamePrefix = prefix,
                Key = everyKey ? default : key,
                Exact = exact,
                MaxBytes = services.Options.MaxListingBytes,
            },
            CancellationToken.None);
        call.SetRevision(answer.Revision);
        call.SetContentType(ContentTypes.Json);
        if (!call.IsHead)
        {
            // The data, and its JSON: of a large item all of it lies in the writer at once.
            using var share = services.Answers.Hold(2 * answer.Items.Sum(LeasedKey.CountedBytes));
            await WriteArrayAsync(call, answer.Items, full);
        }
    }

    private static async ValueTask<string?> PrefixOfFormAsync(RestCall call)
    {
        using var form = await LeaseForm.ReadAsync(call, bodyIsDataWith: null);
        return form.Fields.Text("prefix");
    }

    private static async ValueTask WriteArrayAsync(RestCall call, IReadOnlyList<LeasedKey> items, bool full)
    {
        call.CutOffSlowReader();
        var body = call.Response.BodyWriter;
        await using var json = new Utf8JsonWriter(body, WriterOptions);
        json.WriteStartArray();
        foreach (var item in items)
        {
            WriteItem(json, item, full);
            if (json.BytesPending > FlushBytes)
            {
                json.Flush();
                if (!await call.TryFlushAsync(FlushBytes))
                {
                    return;
                }
            }
        }

        json.WriteEndArray();
        json.Flush();

        // Kestrel leaves what follows a flush in the writer when a request ends without one.
        await body.FlushAsync();
    }

    private static void WriteItem(Utf8JsonWriter json, LeasedKey item, bool full)
    {
        if (!full)
        {
            WriteData(json, item.Value.Span);
            return;
        }

        json.WriteStartObject();
        json.WriteString("lease"u8, RestCall.Format(item.Lease));
        json.WriteString("name"u8, item.Name);
        var (key, encoding) = BytesText.Of(item.Key.Span);
        json.WriteString("key"u8, key);
        if (encoding is not null)
        {
            json.WriteString("key_encoding"u8, encoding);
        }

        json.WritePropertyName("value"u8);
        WriteData(json, item.Value.Span);
        json.WriteNumber("ttl"u8, item.TtlSeconds);
        json.WriteEndObject();
    }

    private static void WriteData(Utf8JsonWriter json, ReadOnlySpan<byte> data)
    {
        if (!Utf8.IsValid(data))
        {
            json.WriteStartObject();
            json.WriteBase64String("base64"u8, data);
            json.WriteEndObject();
        }
        else if (IsJson(data))
        {
            json.WriteRawValue(data, skipInputValidation: true);
        }
        else
        {
            json.WriteStringValue(data);
        }
    }

    private static bool IsJson(ReadOnlySpan<byte> data)
    {
        var reader = new Utf8JsonReader(data, new JsonReaderOptions { MaxDepth = MaxJsonDepth });
        try
        {
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
