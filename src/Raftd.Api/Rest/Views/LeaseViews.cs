using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Raftd.Contract;

namespace Raftd.Api.Rest.Views;

internal sealed record KeepAliveView(string Id, long Ttl);

internal sealed record TimeToLiveView(
    string Id, string Name, string Status, long GrantedTtl, long Ttl, int AliveCount, IReadOnlyList<LeaseKeyView> Keys)
{
    public static TimeToLiveView Of(LeaseTimeToLiveResponse answer) => new(
        RestCall.Format(answer.Id),
        answer.Name,
        LeaseNames.Of(answer.Status),
        answer.GrantedTtlSeconds,
        answer.TtlSeconds,
        answer.Keys.Count,
        [.. answer.Keys.Select(LeaseKeyView.Of)]);
}

/// <summary>A key of a lease.</summary>
/// <param name="Key">Its full name; base64 where that is not UTF-8.</param>
/// <param name="KeyEncoding">`base64` then, else absent.</param>
/// <param name="Ttl">Whole seconds left.</param>
internal sealed record LeaseKeyView(string Key, string? KeyEncoding, long Ttl)
{
    public static LeaseKeyView Of(LeaseKey key)
    {
        var (text, encoding) = BytesText.Of(key.Key.Span);
        return new LeaseKeyView(text, encoding, key.TtlSeconds);
    }
}

internal sealed record LeaseListView(string Revision, int Count, IReadOnlyList<LeaseView> Leases)
{
    public static LeaseListView Of(LeaseListResponse answer) =>
        new(RestCall.Format(answer.Revision), answer.Items.Count, [.. answer.Items.Select(LeaseView.Of)]);
}

internal sealed record LeaseView(string Id, string Name, string Status, long GrantedTtl, long Ttl)
{
    public static LeaseView Of(LeaseSummary lease) => new(
        RestCall.Format(lease.Id), lease.Name, LeaseNames.Of(lease.Status), lease.GrantedTtlSeconds, lease.TtlSeconds);
}

/// <summary>An element of /lease/kv?full=1. The value is JSON, text, or `{"base64": …}`; the handler writes it itself, so
/// that JSON data is embedded and not quoted; this type describes it.</summary>
internal sealed record LeasedKeyView(string Lease, string Name, string Key, JsonElement Value, long Ttl);

internal static class LeaseNames
{
    public static string Of(LeaseStatus status) => status == LeaseStatus.Create ? "CREATE" : "ALIVE";
}

internal static class BytesText
{
    /// <summary>The bytes as text where they are UTF-8, else as base64 with the encoding's name.</summary>
    public static (string Text, string? Encoding) Of(ReadOnlySpan<byte> bytes) => Utf8.IsValid(bytes)
        ? (Encoding.UTF8.GetString(bytes), null)
        : (Convert.ToBase64String(bytes), "base64");
}
