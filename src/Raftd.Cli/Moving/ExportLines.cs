// The lines of an export:
//
//   {"format":"raftd-export","version":1,"cluster":"5a…","revision":"812"}
//   {"lease":"77","name":"/esq/node-1","granted_ttl":10,"ttl":7}
//   {"key":"a","value":"one","create_revision":"3","mod_revision":"3","version":"1","lease":"0"}
//   {"key":"/w==","key_encoding":"base64","value":"/w==","encoding":"base64",…,"lease":"77"}
//   {"end":true,"keys":2,"leases":1,"sha256":"9f…"}
//
// Those of keys are the lines of GET /keys as they come. A lease stands before the first key that has it.

using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf;

namespace Raftd.Cli.Moving;

internal static class ExportLines
{
    public const string Format = "raftd-export";
    public const int Version = 1;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Head(string cluster, long revision) => Line(json =>
    {
        json.WriteString("format", Format);
        json.WriteNumber("version", Version);
        json.WriteString("cluster", cluster);
        json.WriteString("revision", revision.ToString(CultureInfo.InvariantCulture));
    });

    public static byte[] Lease(MovedLease lease) => Line(json =>
    {
        json.WriteString("lease", lease.Id.ToString(CultureInfo.InvariantCulture));
        json.WriteString("name", lease.Name);
        json.WriteNumber("granted_ttl", lease.GrantedTtl);
        json.WriteNumber("ttl", lease.Ttl);
    });

    public static byte[] End(long keys, long leases, string digest) => Line(json =>
    {
        json.WriteBoolean("end", true);
        json.WriteNumber("keys", keys);
        json.WriteNumber("leases", leases);
        json.WriteString("sha256", digest);
    });

    /// <exception cref="JsonException">It is no line of an export.</exception>
    public static ExportItem Parse(ReadOnlySpan<byte> line)
    {
        var json = new Utf8JsonReader(line);
        var fields = Fields.Read(ref json);
        return fields switch
        {
            { Key: { } key } => new ExportItem.Key(new MovedKey(key, fields.Value ?? Missing<ByteString>("value"), fields.Lease ?? 0)),
            { Format: Format } => new ExportItem.Head(
                fields.Version is { } version ? (int)version : Missing<int>("version"), fields.Cluster ?? "", fields.Revision ?? 0),
            { Digest: { } digest } => new ExportItem.End(fields.Keys ?? 0, fields.Leases ?? 0, digest),
            { GrantedTtl: { } granted, Lease: { } lease } => new ExportItem.Lease(
                new MovedLease(lease, fields.Name ?? "", granted, fields.Ttl ?? granted)),
            { Error: { } error } => new ExportItem.Failure(error),
            _ => throw new JsonException("it is no line of an export"),
        };
    }

    private static T Missing<T>(string name) => throw new JsonException($"`{name}` is missing");

    private static byte[] Line(Action<Utf8JsonWriter> fields)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Plain))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }

        bytes.Write("\n"u8);
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>What a line may say; a field that is unknown is passed over.</summary>
    private sealed record Fields
    {
        public ByteString? Key { get; private set; }

        public ByteString? Value { get; private set; }

        public long? Lease { get; private set; }

        public long? Version { get; private set; }

        public long? Revision { get; private set; }

        public long? GrantedTtl { get; private set; }

        public long? Ttl { get; private set; }

        public long? Keys { get; private set; }

        public long? Leases { get; private set; }

        public string? Format { get; private set; }

        public string? Cluster { get; private set; }

        public string? Name { get; private set; }

        public string? Digest { get; private set; }

        public string? Error { get; private set; }

        public static Fields Read(ref Utf8JsonReader json)
        {
            var fields = new Fields();
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                throw new JsonException("it is no object");
            }

            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                fields.ReadField(ref json);
            }

            return json.TokenType == JsonTokenType.EndObject ? fields : throw new JsonException("it is cut short");
        }

        private void ReadField(ref Utf8JsonReader json)
        {
            var name = json.GetString();
            json.Read();
            switch (name)
            {
                case "key":
                    Key = JsonBytes.Of(json);
                    break;
                case "value":
                    Value = JsonBytes.Of(json);
                    break;
                case "key_encoding":
                    Key = Decoded(Key, json);
                    break;
                case "encoding":
                    Value = Decoded(Value, json);
                    break;
                case "format":
                    Format = json.GetString();
                    break;
                case "cluster":
                    Cluster = json.GetString();
                    break;
                case "name":
                    Name = json.GetString();
                    break;
                case "sha256":
                    Digest = json.GetString();
                    break;
                case "error":
                    Error = json.GetString();
                    break;
                default:
                    ReadNumber(name!, ref json);
                    break;
            }
        }

        private void ReadNumber(string name, ref Utf8JsonReader json)
        {
            switch (name)
            {
                case "lease":
                    Lease = Number(json);
                    break;
                case "version":
                    Version = Number(json);
                    break;
                case "revision":
                    Revision = Number(json);
                    break;
                case "granted_ttl":
                    GrantedTtl = Number(json);
                    break;
                case "ttl":
                    Ttl = Number(json);
                    break;
                case "keys":
                    Keys = Number(json);
                    break;
                case "leases":
                    Leases = Number(json);
                    break;
                default:
                    json.Skip();
                    break;
            }
        }

        /// <summary>The encoding stands behind what it says something of.</summary>
        private static ByteString Decoded(ByteString? text, Utf8JsonReader encoding) =>
            text is not null && encoding.ValueTextEquals("base64"u8)
                ? JsonBytes.Decode(text, "a text")
                : throw new JsonException("an encoding is unknown, or has nothing before it");

        private static long Number(Utf8JsonReader json) =>
            long.TryParse(json.ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new JsonException("a number is none");
    }
}
