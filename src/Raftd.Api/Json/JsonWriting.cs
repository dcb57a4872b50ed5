using System.Buffers;
using System.Collections;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Raftd.Api.Json;

/// <summary>Message → JSON as etcd's gateway writes it: names as in the .proto files, 64-bit numbers as strings, bytes in
/// base64, enums by name, and nothing that is 0, empty or false.</summary>
internal static class JsonWriting
{
    private static readonly JsonWriterOptions Options = new()
    {
        // As for REST: the type of the answer and `nosniff` say that it is no HTML.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    public static void Write(IMessage message, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, Options);
        Write(message, json);
    }

    private static void Write(IMessage message, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        foreach (var field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            var value = field.Accessor.GetValue(message);
            if (field.IsRepeated)
            {
                WriteList(field, (IList)value, json);
            }
            else if (field.HasPresence ? field.Accessor.HasValue(message) : !IsDefault(value))
            {
                json.WritePropertyName(field.Name);
                WriteValue(field, value, json);
            }
        }

        json.WriteEndObject();
    }

    private static void WriteList(FieldDescriptor field, IList values, Utf8JsonWriter json)
    {
        if (values.Count == 0)
        {
            return;
        }

        json.WriteStartArray(field.Name);
        foreach (var value in values)
        {
            WriteValue(field, value!, json);
        }

        json.WriteEndArray();
    }

    private static bool IsDefault(object value) => value switch
    {
        bool flag => !flag,
        long number => number == 0,
        ulong number => number == 0,
        int number => number == 0,
        uint number => number == 0,
        string text => text.Length == 0,
        ByteString bytes => bytes.IsEmpty,
        _ => (int)value == 0,
    };

    private static void WriteValue(FieldDescriptor field, object value, Utf8JsonWriter json)
    {
        switch (value)
        {
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case long or ulong:
                json.WriteStringValue(value.ToString());
                break;
            case int or uint:
                json.WriteNumberValue(Convert.ToInt64(value));
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case ByteString bytes:
                json.WriteBase64StringValue(bytes.Span);
                break;
            case IMessage message:
                Write(message, json);
                break;
            default:
                WriteEnum(field, (int)value, json);
                break;
        }
    }

    private static void WriteEnum(FieldDescriptor field, int number, Utf8JsonWriter json)
    {
        if (field.EnumType.FindValueByNumber(number) is { } known)
        {
            json.WriteStringValue(known.Name);
        }
        else
        {
            json.WriteNumberValue(number);
        }
    }
}
