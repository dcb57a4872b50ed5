using System.Net;
using Raftd.Contract;
using Raftd.Sql.Fronts;
using Raftd.Tls;

namespace Raftd.Sql;

/// <summary>Everything one front is started with.</summary>
public sealed record SqlFrontOptions
{
    /// <summary>The operator's name for this front.</summary>
    public required string Label { get; init; }

    /// <summary>host:port told to clients.</summary>
    public required string AdvertisedHttpAddress { get; init; }

    /// <summary>Where other fronts are listened to; null for nowhere. Without it they commit their writes themselves while this front
    /// leads.</summary>
    public IPEndPoint? PeerEndPoint { get; init; }

    /// <summary>host:port told to other fronts; empty without an endpoint.</summary>
    public string AdvertisedPeerAddress { get; init; } = "";

    /// <summary>This front's certificate for other fronts, and the CA of theirs; null for clear text.</summary>
    public TlsIdentity? PeerTls { get; init; }

    /// <summary>Of the client URLs that this front names: http or https.</summary>
    public string ClientScheme { get; init; } = Uri.UriSchemeHttp;

    /// <summary>The snowflake generator number; null draws one.</summary>
    public int? Generator { get; init; }

    /// <summary>The product's version, shown in the status.</summary>
    public required string Version { get; init; }

    /// <summary>Of one value.</summary>
    public int MaxValueBytes { get; init; } = (int)Bounds.MaxValueBytes.Default;

    public FrontOptions Limits { get; init; } = new();
}
