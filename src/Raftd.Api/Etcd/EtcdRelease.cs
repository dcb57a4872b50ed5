namespace Raftd.Api.Etcd;

/// <summary>The release of etcd whose API this is: clients compare it to decide what they may ask. What raftd's own version
/// is, /version says.</summary>
internal static class EtcdRelease
{
    public const string Server = "3.6.14";

    /// <summary>What all members of a cluster of that release have in common.</summary>
    public const string Cluster = "3.6.0";

    private const int Major = 3;
    private const int Minor = 6;

    /// <param name="version">`3.5` or `3.5.0`.</param>
    /// <param name="major">Its first number.</param>
    /// <param name="minor">Its second.</param>
    public static bool TryParse(string version, out int major, out int minor)
    {
        (major, minor) = (0, 0);
        var parts = version.Split('.');
        return parts.Length is 2 or 3
            && parts.All(part => part.Length is > 0 and < 6 && !part.AsSpan().ContainsAnyExceptInRange('0', '9'))
            && int.TryParse(parts[0], out major) && int.TryParse(parts[1], out minor);
    }

    public static bool IsOneMinorBelow(int major, int minor) => major == Major && minor == Minor - 1;
}
