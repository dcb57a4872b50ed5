using System.Collections.Concurrent;
using System.Collections.Frozen;
using Google.Protobuf.Reflection;

namespace Raftd.Api.Json;

/// <summary>The fields of messages by the names that a client may give them: as in the .proto file, or in lower camel case.</summary>
internal static class JsonNames
{
    private static readonly ConcurrentDictionary<MessageDescriptor, FrozenDictionary<string, FieldDescriptor>> Known = new();

    public static FieldDescriptor? Find(MessageDescriptor message, string name) =>
        Known.GetOrAdd(message, static message => FieldsOf(message)).GetValueOrDefault(name);

    private static FrozenDictionary<string, FieldDescriptor> FieldsOf(MessageDescriptor message)
    {
        var fields = message.Fields.InDeclarationOrder();
        return fields.Select(field => KeyValuePair.Create(field.Name, field))
            .Concat(fields.Select(field => KeyValuePair.Create(field.JsonName, field)))
            .DistinctBy(pair => pair.Key, StringComparer.Ordinal)
            .ToFrozenDictionary(StringComparer.Ordinal);
    }
}
