namespace Raftd.Cli.Moving;

/// <summary>What <c>raftd export</c> is asked to do.</summary>
/// <param name="From">Addresses of one cluster.</param>
/// <param name="Prefix">Of the keys; empty for all.</param>
internal sealed record ExportOptions(IReadOnlyList<MemberEndpoint> From, string Prefix);
