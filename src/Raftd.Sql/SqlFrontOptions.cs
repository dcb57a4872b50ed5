using Raftd.Sql.Fronts;

namespace Raftd.Sql;

/// <summary>Everything one front is started with.</summary>
public sealed record SqlFrontOptions
{
    /// <summary>The operator's name for this front.</summary>
    public required string Label { get; init; }

    /// <summary>host:port told to clients.</summary>
    public required string AdvertisedHttpAddress { get; init; }

    /// <summary>Of the client URLs that this front names: http or https.</summary>
    public string ClientScheme { get; init; } = Uri.UriSchemeHttp;

    /// <summary>The snowflake generator number; null draws one.</summary>
    public int? Generator { get; init; }

    /// <summary>The product's version, shown in the status.</summary>
    public required string Version { get; init; }

    public FrontOptions Limits { get; init; } = new();
}
