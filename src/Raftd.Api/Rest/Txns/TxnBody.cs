// A transaction as a person writes it:
//
//   {"if":   [{"key": "seat/7", "exists": false}, {"key": "open", "value": "yes"}, {"key": "n", "version": 3, "is": ">"}],
//    "then": [{"put": "seat/7", "value": "ann"}, {"get": "seat/", "prefix": true}],
//    "else": [{"get": "seat/7"}]}
//
// Every key and value may be given as base64 instead, in a field with 64 behind its name. What is wrong is refused with its place
// in the body, and so is a field that is not known: a condition that was overlooked would be one that holds.

using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Raftd.Contract;

namespace Raftd.Api.Rest.Txns;

internal static class TxnBody
{
    private const string Hint = """write {"if":[{"key":"a","value":"1"}],"then":[{"put":"a","value":"2"}],"else":[{"get":"a"}]}""";

    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    private static readonly Dictionary<string, CompareTarget> Targets = new(StringComparer.Ordinal)
    {
        ["version"] = CompareTarget.Version,
        ["create_revision"] = CompareTarget.CreateRevision,
        ["mod_revision"] = CompareTarget.ModRevision,
        ["lease"] = CompareTarget.Lease,
    };

    /// <exception cref="ApiException">400 that names the place.</exception>
    public static TxnRequest Parse(ReadOnlyMemory<byte> body)
    {
        using var document = Document(body);
        var fields = new TxnFields("", document.RootElement);
        var request = new TxnRequest
        {
            Compares = [.. fields.Objects("if").Select(CompareOf)],
            Success = [.. fields.Objects("then").Select(OperationOf)],
            Failure = [.. fields.Objects("else").Select(OperationOf)],
        };
        fields.RequireNoOthers();
        return request.Success.Count + request.Failure.Count > 0
            ? request
            : ApiException.BadRequest<TxnRequest>("there is nothing to do: `then` and `else` are empty", Hint);
    }

    private static JsonDocument Document(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body, Options);
        }
        catch (JsonException failure)
        {
            return ApiException.BadRequest<JsonDocument>(
                string.Create(CultureInfo.InvariantCulture, $"the body is no JSON of a transaction: {failure.Message}"), Hint);
        }
    }

    private static Compare CompareOf(TxnFields fields)
    {
        var key = fields.Key("key");
        var compare = new Compare
        {
            Key = key,
            RangeEnd = fields.Flag("prefix") ? KeyRanges.EndOfPrefix(key) : default,
            Target = CompareTarget.CreateRevision,
            Result = CompareResult.Equal,
        };
        compare = WithTarget(compare, fields);
        fields.RequireNoOthers();
        return compare;
    }

    private static Compare WithTarget(Compare compare, TxnFields fields)
    {
        if (fields.TryFlag("exists") is { } exists)
        {
            return compare with { Result = exists ? CompareResult.Greater : CompareResult.Equal };
        }

        var result = fields.Text("is") switch
        {
            null or "=" => CompareResult.Equal,
            "!=" => CompareResult.NotEqual,
            "<" => CompareResult.Less,
            ">" => CompareResult.Greater,
            var other => fields.Refuse<CompareResult>("is", $"`{other}` is unknown: use =, !=, < or >"),
        };
        if (fields.Bytes("value") is { } value)
        {
            return compare with { Target = CompareTarget.Value, Result = result, Value = value };
        }

        foreach (var (name, target) in Targets)
        {
            if (fields.Number(name) is { } number)
            {
                return compare with { Target = target, Result = result, Number = number };
            }
        }

        return fields.Refuse<Compare>("", "it compares nothing: give exists, value, version, create_revision, mod_revision or lease");
    }

    private static TxnOperation OperationOf(TxnFields fields)
    {
        var operation = fields.HasBytes("put") ? PutOf(fields)
            : fields.HasBytes("get") ? GetOf(fields)
            : fields.HasBytes("delete") ? DeleteOf(fields)
            : fields.Refuse<TxnOperation>("", "it does nothing: give put, get or delete with a key");
        fields.RequireNoOthers();
        return operation;
    }

    private static TxnOperation PutOf(TxnFields fields) => new()
    {
        Put = new PutRequest
        {
            Key = fields.Key("put"),
            Value = fields.Bytes("value") ?? fields.Refuse<byte[]>("value", "is missing"),
            Lease = fields.Number("lease") ?? 0,
            ReturnPrevious = fields.Flag("prev"),
        },
    };

    private static TxnOperation GetOf(TxnFields fields)
    {
        var key = fields.Key("get");
        return new TxnOperation
        {
            Range = new RangeRequest
            {
                Key = key,
                RangeEnd = fields.Flag("prefix") ? KeyRanges.EndOfPrefix(key) : default,
                Limit = fields.Number("limit") ?? 0,
                KeysOnly = fields.Flag("keys_only"),
            },
        };
    }

    private static TxnOperation DeleteOf(TxnFields fields)
    {
        var key = fields.Key("delete");
        return new TxnOperation
        {
            DeleteRange = new DeleteRangeRequest
            {
                Key = key,
                RangeEnd = fields.Flag("prefix") ? KeyRanges.EndOfPrefix(key) : default,
                ReturnPrevious = fields.Flag("prev"),
            },
        };
    }
}

/// <summary>The fields of one object of the body. Each is asked for by name; what was not asked for is not known.</summary>
/// <param name="place">Of the object, as then[1].</param>
/// <param name="json">The object.</param>
internal sealed class TxnFields(string place, JsonElement json)
{
    private readonly List<string> _known = [];

    public IEnumerable<TxnFields> Objects(string name)
    {
        if (Find(name) is not { } list)
        {
            yield break;
        }

        Require(name, list, JsonValueKind.Array, "a list in brackets");
        var at = 0;
        foreach (var item in list.EnumerateArray())
        {
            yield return new TxnFields($"{PlaceOf(name)}[{at++}]", item);
        }
    }

    public string? Text(string name)
    {
        if (Find(name) is not { } text)
        {
            return null;
        }

        Require(name, text, JsonValueKind.String, "text in quotes");
        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, or bytes that are not UTF-8: the reader has let them pass.
            return Refuse<string>(name, "is not Unicode: give other bytes as base64");
        }
    }

    public bool HasBytes(string name) => Find(name) is not null || Find(name + "64") is not null;

    public byte[] Key(string name)
    {
        var key = Bytes(name) ?? Refuse<byte[]>(name, "is missing");
        return key.Length > 0 ? key : Refuse<byte[]>(name, "is empty: a key has 1 byte at least");
    }

    /// <summary>The field as text, or that with 64 behind its name as base64; null where there is neither.</summary>
    public byte[]? Bytes(string name)
    {
        var text = Text(name);
        if (Text(name + "64") is not { } encoded)
        {
            return text is null ? null : Encoding.UTF8.GetBytes(text);
        }

        if (text is not null)
        {
            Refuse<byte[]>(name, $"and `{name}64` are the same: give one of them");
        }

        try
        {
            return Base64Url.DecodeFromChars(encoded.Replace('+', '-').Replace('/', '_'));
        }
        catch (FormatException)
        {
            return Refuse<byte[]>(name + "64", "is not base64");
        }
    }

    public bool Flag(string name) => TryFlag(name) ?? false;

    public bool? TryFlag(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => Refuse<bool>(name, "is neither true nor false"),
    };

    /// <summary>A number or text of one, 0 or above.</summary>
    public long? Number(string name)
    {
        if (Find(name) is not { } json)
        {
            return null;
        }

        var text = json.ValueKind == JsonValueKind.String ? json.GetString() : json.GetRawText();
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : Refuse<long>(name, "is no whole number from 0");
    }

    public void RequireNoOthers()
    {
        foreach (var field in json.EnumerateObject())
        {
            if (!_known.Exists(field.NameEquals))
            {
                ApiException.BadRequest(
                    $"`{PlaceOf(NameOf(field))}` is unknown here, or says nothing beside the others",
                    $"known here: {string.Join(", ", _known.Where(static name => !name.EndsWith("64", StringComparison.Ordinal)))}");
            }
        }
    }

    /// <param name="name">The field; empty for the object itself.</param>
    /// <param name="what">What is wrong, as a sentence that begins with the place.</param>
    public T Refuse<T>(string name, string what) => name.Length == 0
        ? ApiException.BadRequest<T>($"`{place}`: {what}")
        : ApiException.BadRequest<T>($"`{PlaceOf(name)}` {what}");

    private JsonElement? Find(string name)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            ApiException.BadRequest($"{(place.Length == 0 ? "the body" : $"`{place}`")} is no object in braces");
        }

        if (!_known.Contains(name, StringComparer.Ordinal))
        {
            _known.Add(name);
        }

        return json.TryGetProperty(name, out var found) ? found : null;
    }

    private void Require(string name, JsonElement found, JsonValueKind kind, string wanted)
    {
        if (found.ValueKind != kind)
        {
            Refuse<bool>(name, $"is not {wanted}");
        }
    }

    private static string NameOf(JsonProperty field)
    {
        try
        {
            return field.Name;
        }
        catch (InvalidOperationException)
        {
            return "a name that is not Unicode";
        }
    }

    private string PlaceOf(string name) => place.Length == 0 ? name : $"{place}.{name}";
}
