using System.Text.Json.Serialization;

namespace Raftd.Node.Membership;

/// <summary>POST /join as the client route takes and answers it (docs/rest.md).</summary>
internal sealed record JoinBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("httpAddr")] string HttpAddr,
    [property: JsonPropertyName("raftAddr")] string RaftAddr,
    [property: JsonPropertyName("instance")] string Instance,
    [property: JsonPropertyName("generator")] int? Generator,
    [property: JsonPropertyName("featureLevel")] int FeatureLevel);

internal sealed record JoinAnswer(string ClusterId, string MemberId, int Generator, JoinedMember[] Members);

internal sealed record JoinedMember(string Id, string Label, string HttpAddr, string RaftAddr);

internal sealed record JoinRefusal(string Error, string Code, string Hint);

// An answer that lacks a field comes from a server that is not raftd.
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(JoinBody))]
[JsonSerializable(typeof(JoinAnswer))]
[JsonSerializable(typeof(JoinRefusal))]
internal sealed partial class JoinJson : JsonSerializerContext;
