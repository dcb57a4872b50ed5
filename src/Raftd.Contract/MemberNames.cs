using System.Globalization;
using System.Net;
using System.Text;

namespace Raftd.Contract;

/// <summary>What a member may be called and where it may be reached: the same rule at its own start and where it joins.</summary>
public static class MemberNames
{
    public const int MaxLabelBytes = 128;

    /// <summary>1 to 128 bytes without white space or control characters.</summary>
    public static bool IsLabel(string text) =>
        Encoding.UTF8.GetByteCount(text) is >= 1 and <= MaxLabelBytes
        && text.EnumerateRunes().All(rune => !Rune.IsControl(rune) && !Rune.IsWhiteSpace(rune));

    /// <summary>host:port that another machine can dial: a name or an address, IPv6 in brackets, and a port from 1 to 65535.
    /// No wildcard, and nothing around it.</summary>
    public static bool IsAddress(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0 && TryParsePort(text.AsSpan(colon + 1), out _) && IsHost(text[..colon]);
    }

    /// <summary>A port from 1 to 65535, in digits alone.</summary>
    public static bool TryParsePort(ReadOnlySpan<char> text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535;

    private static bool IsHost(string text)
    {
        if (text.StartsWith('[') && text.EndsWith(']'))
        {
            // A zone, as in fe80::1%eth0, means something on one machine only.
            return !text.Contains('%')
                && IPAddress.TryParse(text.AsSpan(1, text.Length - 2), out var six)
                && six is { AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6 }
                && !six.Equals(IPAddress.IPv6Any)
                && !(six.IsIPv4MappedToIPv6 && six.MapToIPv4().Equals(IPAddress.Any));
        }

        // In full, as it would be printed: "127.1", "0" and octal numbers are addresses to some and not to others.
        return IPAddress.TryParse(text, out var four)
            ? !text.Contains(':') && four.ToString() == text && !four.Equals(IPAddress.Any)
            : HostNames.IsName(text);
    }
}
