namespace Raftd.Tls.Making;

/// <summary>A certificate and its key, as the texts of two files.</summary>
public sealed record PemPair(string Certificate, string Key);
