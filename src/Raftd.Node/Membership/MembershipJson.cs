using System.Text.Json.Serialization;

namespace Raftd.Node.Membership;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = false)]
[JsonSerializable(typeof(MemberInfo[]))]
[JsonSerializable(typeof(MemberIdentity))]
internal sealed partial class MembershipJson : JsonSerializerContext;
