using System.Globalization;
using Microsoft.AspNetCore.Http;
using Raftd.State.Commands;

namespace Raftd.Peers;

/// <summary>The caller, the member that it calls, and the cluster: sent first on each stream, and checked by the door.</summary>
/// <remarks>
/// Without it a member that was wiped, restored from another cluster's backup, or reached under a reused address would be
/// taken for the old one, and its votes and acknowledgements would count (failure 15 of docs/failures.md).
/// </remarks>
internal sealed record PeerHandshake(ulong ClusterId, ulong From, ulong To, string FromLabel, string ToLabel)
{
    /// <summary>Version of this handshake and of the paths; another version is refused. The forms of what follows depend on the
    /// cluster's feature level, so builds of different levels need no other version here.</summary>
    public const string Protocol = "1";

    /// <summary>The newest feature level that the caller knows.</summary>
    public int Level { get; init; } = FeatureLevel.Newest;

    /// <summary>The address where the caller listens for peers; empty in calls that need no way back.</summary>
    public string FromAddress { get; init; } = "";

    private const string ProtocolHeader = "raftd-protocol";
    private const string LevelHeader = "raftd-level";
    private const string ClusterHeader = "raftd-cluster";
    private const string FromHeader = "raftd-from";
    private const string ToHeader = "raftd-to";
    private const string FromLabelHeader = "raftd-from-label";
    private const string ToLabelHeader = "raftd-to-label";
    private const string FromAddressHeader = "raftd-from-address";

    public void WriteTo(HttpRequestMessage request)
    {
        request.Headers.Add(ProtocolHeader, Protocol);
        request.Headers.Add(LevelHeader, Level.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add(ClusterHeader, Text(ClusterId));
        request.Headers.Add(FromHeader, Text(From));
        request.Headers.Add(ToHeader, Text(To));
        request.Headers.Add(FromLabelHeader, Uri.EscapeDataString(FromLabel));
        request.Headers.Add(ToLabelHeader, Uri.EscapeDataString(ToLabel));
        request.Headers.Add(FromAddressHeader, Uri.EscapeDataString(FromAddress));
    }

    /// <returns>Null, with the reason, when the headers are not those of a member.</returns>
    public static PeerHandshake? Read(IHeaderDictionary headers, out string reason)
    {
        if (headers[ProtocolHeader] != Protocol)
        {
            reason = $"this member speaks peer protocol {Protocol}, the caller '{headers[ProtocolHeader]}'";
            return null;
        }

        if (!byte.TryParse(headers[LevelHeader], NumberStyles.None, CultureInfo.InvariantCulture, out var level))
        {
            reason = $"the caller must say which feature level it knows, a number up to 255; it says '{headers[LevelHeader]}'";
            return null;
        }

        if (!TryNumber(headers[ClusterHeader], out var cluster) || !TryNumber(headers[FromHeader], out var from)
            || !TryNumber(headers[ToHeader], out var to))
        {
            reason = "the caller must say which cluster and member it is, and which member it calls";
            return null;
        }

        reason = "";
        return new PeerHandshake(cluster, from, to, Label(headers[FromLabelHeader]), Label(headers[ToLabelHeader]))
        {
            Level = level,
            FromAddress = Label(headers[FromAddressHeader]),
        };
    }

    private static string Text(ulong id) => id.ToString("x16", CultureInfo.InvariantCulture);

    private static string Label(string? value) => Uri.UnescapeDataString(value ?? "");

    private static bool TryNumber(string? text, out ulong number) =>
        ulong.TryParse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out number);
}
