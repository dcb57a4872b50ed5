using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Raftd.Api.Rest.Views;

/// <summary>The JSON of our own routes: snake_case, absent instead of null, text as it is.</summary>
/// <remarks>The relaxed encoder leaves quotes, `&lt;` and letters of any script readable; every answer says its type and
/// `nosniff`, so none is ever taken for HTML.</remarks>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ErrorView))]
[JsonSerializable(typeof(KeepAliveView))]
[JsonSerializable(typeof(TimeToLiveView))]
[JsonSerializable(typeof(LeaseListView))]
[JsonSerializable(typeof(LeasedKeyView[]))]
[JsonSerializable(typeof(KeyListView))]
[JsonSerializable(typeof(HistoryView))]
[JsonSerializable(typeof(TxnView))]
[JsonSerializable(typeof(WatchBatchView))]
[JsonSerializable(typeof(JoinBody))]
[JsonSerializable(typeof(JoinView))]
[JsonSerializable(typeof(MemberListView))]
[JsonSerializable(typeof(LeaderView))]
[JsonSerializable(typeof(StatusView))]
[JsonSerializable(typeof(HealthView))]
[JsonSerializable(typeof(VersionView))]
[JsonSerializable(typeof(CompactView))]
[JsonSerializable(typeof(AlarmListView))]
[JsonSerializable(typeof(BucketListView))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    public static readonly ApiJson Instance = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
