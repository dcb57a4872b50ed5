// JSON → message, as generous as etcd's gateway: 64-bit numbers as numbers or strings, `1.0` too; base64 in both alphabets,
// padded or not; enums by name or number; null for a field that is not there. Unknown fields and unknown names of enums are
// overlooked. Google.Protobuf's own parser is stricter, and reads a large number that is no string only roughly.

using System.Collections;
using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Raftd.Api.Etcd;

namespace Raftd.Api.Json;

internal static class JsonReading
{
    /// <summary>A transaction may have as many levels as operations, and each takes a few of JSON.</summary>
    public static readonly JsonReaderOptions Options = new() { AllowMultipleValues = true, MaxDepth = 640 };

    /// <exception cref="EtcdException">InvalidArgument: the value does not fit.</exception>
    public static T Read<T>(JsonElement json)
        where T : class, IMessage, new()
    {
        var message = new T();
        Fill(message, json);
        return message;
    }

    private static void Fill(IMessage message, JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw Wrong($"a JSON object is wanted for {message.Descriptor.Name}, and not {Shown(json)}");
        }

        foreach (var property in json.EnumerateObject())
        {
            if (JsonNames.Find(message.Descriptor, property.Name) is { } field && property.Value.ValueKind != JsonValueKind.Null)
            {
                Set(message, field, property.Value);
            }
        }
    }

    private static void Set(IMessage message, FieldDescriptor field, JsonElement json)
    {
        if (!field.IsRepeated)
        {
            if (ValueOf(field, json) is { } value)
            {
                field.Accessor.SetValue(message, value);
            }

            return;
        }

        if (json.ValueKind != JsonValueKind.Array)
        {
            throw Wrong($"{field.Name} wants an array, and not {Shown(json)}");
        }

        var list = (IList)field.Accessor.GetValue(message);
        foreach (var item in json.EnumerateArray())
        {
            if (ValueOf(field, item) is { } value)
            {
                list.Add(value);
            }
        }
    }

    /// <returns>Null for the name of an enum that is not known.</returns>
    private static object? ValueOf(FieldDescriptor field, JsonElement json) => field.FieldType switch
    {
        FieldType.Bytes => ByteString.CopyFrom(Base64(field, json)),
        FieldType.String => json.ValueKind == JsonValueKind.String ? json.GetString() : throw Unfit(field, json),
        FieldType.Bool => json.ValueKind is JsonValueKind.True or JsonValueKind.False ? json.GetBoolean() : throw Unfit(field, json),
        FieldType.Int64 => (long)Number(field, json, long.MinValue, long.MaxValue),
        FieldType.UInt64 => (ulong)Number(field, json, ulong.MinValue, ulong.MaxValue),
        FieldType.Int32 => (int)Number(field, json, int.MinValue, int.MaxValue),
        FieldType.UInt32 => (uint)Number(field, json, uint.MinValue, uint.MaxValue),
        FieldType.Enum => EnumOf(field, json),
        FieldType.Message => Nested(field, json),
        _ => throw new InvalidOperationException($"{field.FullName} is of a type that no message of the table has"),
    };

    private static IMessage Nested(FieldDescriptor field, JsonElement json)
    {
        var message = field.MessageType.Parser.ParseFrom([]);
        Fill(message, json);
        return message;
    }

    private static object? EnumOf(FieldDescriptor field, JsonElement json) => json.ValueKind == JsonValueKind.String
        ? field.EnumType.FindValueByName(json.GetString()!)?.Number
        : (int)Number(field, json, int.MinValue, int.MaxValue);

    private static decimal Number(FieldDescriptor field, JsonElement json, decimal least, decimal most)
    {
        var text = json.ValueKind switch
        {
            JsonValueKind.Number => json.GetRawText(),
            JsonValueKind.String => json.GetString()!,
            _ => "",
        };
        return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && number == decimal.Truncate(number) && number >= least && number <= most
            ? number
            : throw Unfit(field, json);
    }

    private static byte[] Base64(FieldDescriptor field, JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.String)
        {
            throw Unfit(field, json);
        }

        if (json.TryGetBytesFromBase64(out var bytes))
        {
            return bytes;
        }

        var digits = json.GetString()!.Replace('-', '+').Replace('_', '/').TrimEnd('=');
        try
        {
            return Convert.FromBase64String(digits.PadRight((digits.Length + 3) / 4 * 4, '='));
        }
        catch (FormatException)
        {
            throw Unfit(field, json);
        }
    }

    private static EtcdException Unfit(FieldDescriptor field, JsonElement json) =>
        Wrong($"{field.Name} cannot be {Shown(json)}");

    private static EtcdException Wrong(string message) => new(EtcdStatus.Wrong($"json: {message}"));

    private static string Shown(JsonElement json)
    {
        const int MaxShownChars = 100;
        var text = json.GetRawText();
        return text.Length <= MaxShownChars ? text : $"{text[..MaxShownChars]}…";
    }
}
