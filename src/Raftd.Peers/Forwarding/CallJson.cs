using System.Text.Json.Serialization;
using Raftd.Contract;

namespace Raftd.Peers.Forwarding;

/// <summary>Calls between members are the contract's records as JSON: few, small, and readable in a capture.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(CallError))]
[JsonSerializable(typeof(Nothing))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(ulong))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(LeaseKeepAliveRequest))]
[JsonSerializable(typeof(LeaseKeepAliveResponse))]
[JsonSerializable(typeof(LeaseTimeToLiveResponse))]
[JsonSerializable(typeof(LeasedKeysRequest))]
[JsonSerializable(typeof(LeasedKeysResponse))]
[JsonSerializable(typeof(LeaseListResponse))]
[JsonSerializable(typeof(JoinRequest))]
[JsonSerializable(typeof(JoinResponse))]
[JsonSerializable(typeof(MemberAddRequest))]
[JsonSerializable(typeof(MemberUpdateRequest))]
[JsonSerializable(typeof(Member))]
internal sealed partial class CallJson : JsonSerializerContext;

/// <summary>The answer of a call that has none.</summary>
internal sealed record Nothing;
