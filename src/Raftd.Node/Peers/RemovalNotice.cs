using System.Globalization;

namespace Raftd.Node.Peers;

/// <summary>A member's answer to a caller that was removed: the body of a 410, one readable line.</summary>
/// <param name="ClusterId">The cluster that removed it.</param>
/// <param name="SaidBy">The member that answers.</param>
/// <param name="Member">The member that was removed.</param>
/// <param name="ConfigurationIndex">Index of the committed configuration that does not have it.</param>
internal readonly record struct RemovalNotice(ulong ClusterId, ulong SaidBy, ulong Member, ulong ConfigurationIndex)
{
    private const string Beginning = "removed:";
    private const int Parts = 5;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Beginning} member={Member:x16} cluster={ClusterId:x16} configuration={ConfigurationIndex} said-by={SaidBy:x16}");

    public static bool TryParse(string text, out RemovalNotice notice)
    {
        notice = default;
        var parts = text.Split(' ');
        if (parts.Length != Parts || parts[0] != Beginning
            || !TryNumber(parts[1], "member=", NumberStyles.HexNumber, out var member)
            || !TryNumber(parts[2], "cluster=", NumberStyles.HexNumber, out var cluster)
            || !TryNumber(parts[3], "configuration=", NumberStyles.None, out var configuration)
            || !TryNumber(parts[4], "said-by=", NumberStyles.HexNumber, out var saidBy))
        {
            return false;
        }

        notice = new RemovalNotice(cluster, saidBy, member, configuration);
        return true;
    }

    private static bool TryNumber(string part, string name, NumberStyles style, out ulong number)
    {
        number = 0;
        return part.StartsWith(name, StringComparison.Ordinal)
            && ulong.TryParse(part.AsSpan(name.Length), style, CultureInfo.InvariantCulture, out number);
    }
}
