namespace Raftd.Cli;

/// <summary>What <c>raftd cert</c> is asked to make.</summary>
internal sealed record CertOptions
{
    public const string DefaultFolder = "certs";
    public const string DefaultName = "server";
    public const int DefaultDays = 365;
    public const int MaxDays = 3650;

    /// <summary>Where the files are; made if missing. A CA that is there is used, else one is made.</summary>
    public required string Folder { get; init; }

    /// <summary>Of the files, and the common name of the certificate.</summary>
    public required string Name { get; init; }

    public required int Days { get; init; }

    /// <summary>Names and addresses that it is called by; empty for this machine's.</summary>
    public required IReadOnlyList<string> Hosts { get; init; }
}
