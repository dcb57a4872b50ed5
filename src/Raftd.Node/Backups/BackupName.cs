using System.Globalization;
using System.Text.RegularExpressions;

namespace Raftd.Node.Backups;

/// <summary>The name of a scheduled backup, as <c>raftd-CLUSTER-MEMBER-20261122T213000Z-r1234.snapshot</c>: whose it is, when it was
/// made, and the revision that it holds. So members may share a directory, and no file has to be opened to find the newest one.</summary>
internal sealed partial record BackupName(ulong ClusterId, ulong MemberId, DateTimeOffset Time, long Revision)
{
    private const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"raftd-{ClusterId:x16}-{MemberId:x16}-{Time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}-r{Revision}.snapshot");

    /// <returns>Null for any other file.</returns>
    public static BackupName? Parse(string name)
    {
        var match = Form().Match(name);
        return match.Success
            && DateTimeOffset.TryParseExact(
                match.Groups["time"].Value, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            && long.TryParse(match.Groups["revision"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var revision)
            ? new BackupName(IdOf(match.Groups["cluster"]), IdOf(match.Groups["member"]), time, revision)
            : null;
    }

    private static ulong IdOf(Group hex) => ulong.Parse(hex.Value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    [GeneratedRegex(
        @"^raftd-(?<cluster>[0-9a-f]{16})-(?<member>[0-9a-f]{16})-(?<time>[0-9]{8}T[0-9]{6}Z)-r(?<revision>[0-9]{1,19})\.snapshot\z",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Form();
}
