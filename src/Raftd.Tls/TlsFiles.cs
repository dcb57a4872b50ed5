namespace Raftd.Tls;

/// <summary>A file and the setting that names it: messages say both.</summary>
public readonly record struct NamedFile(string Setting, string Path)
{
    public override string ToString() => $"{Setting} {Path}";
}

/// <summary>The PEM files of one port, or of the calls to one kind of port.</summary>
/// <param name="Certificate">The certificate, then those between it and its CA.</param>
/// <param name="Key">Its private key, not encrypted.</param>
/// <param name="Authority">The root certificates that the other side's certificate must lead to. Null: a port asks for none, and a
/// call trusts what the system trusts.</param>
public sealed record TlsFiles(NamedFile Certificate, NamedFile Key, NamedFile? Authority);
