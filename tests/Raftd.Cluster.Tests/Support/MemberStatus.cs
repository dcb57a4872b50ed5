using System.Globalization;
using System.Text.Json;

namespace Raftd.Cluster.Tests.Support;

/// <summary>GET /status.</summary>
internal sealed class MemberStatus(JsonElement json)
{
    public string MemberId => Text("member_id");

    public string Role => Text("role");

    public string Leader => Text("leader");

    public ulong Term => Number("term");

    public ulong CommitIndex => Number("commit_index");

    public ulong AppliedIndex => Number("applied_index");

    public string AppliedHash => Text("applied_hash");

    public long Revision => long.Parse(Text("revision"), CultureInfo.InvariantCulture);

    public long LogicalBytes => (long)Number("logical_bytes");

    public long HistoryBytes => (long)Number("history_bytes");

    public int FeatureLevel => (int)Number("feature_level");

    public string[] Warnings => [.. json.GetProperty("warnings").EnumerateArray().Select(warning => warning.GetString()!)];

    public string[] Alarms => [.. json.GetProperty("alarms").EnumerateArray().Select(alarm => alarm.GetString()!)];

    private string Text(string name) => json.GetProperty(name).GetString()!;

    private ulong Number(string name) => json.GetProperty(name).GetUInt64();
}
