using Microsoft.Extensions.Logging;
using Raftd.Cli.Settings;
using Raftd.Tls;

namespace Raftd.Cli;

/// <summary>The certificates of one member, read from the files that its settings name.</summary>
/// <param name="Clients">Of the client port; null for clear text.</param>
/// <param name="Join">For calls to other members' client ports: the same certificate, and the CA of theirs.</param>
/// <param name="Peers">Of the peer port, and for calls to other members' peer ports; null for clear text.</param>
internal sealed record MemberTls(TlsIdentity? Clients, TlsIdentity? Join, TlsIdentity? Peers)
{
    /// <summary>Of the URLs under which clients reach this process and those beside it.</summary>
    public string ClientScheme => Clients is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;

    /// <exception cref="TlsFilesException">A file cannot be used.</exception>
    public static MemberTls Open(ServerSettings settings, TimeProvider time, ILogger logger)
    {
        var files = Files(Flags.Certificate, Flags.Key, settings.ClientTls, Flags.ClientAuthority);
        var clients = Identity(files);
        var peers = Identity(Files(Flags.PeerCertificate, Flags.PeerKey, settings.PeerTls, Flags.PeerAuthority));

        // Without -join-ca one CA is taken to sign all.
        var join = settings.JoinAuthority is { } authority
            ? Identity(files! with { Authority = new NamedFile(Flags.JoinAuthority.Label, authority) })
            : clients;
        return new MemberTls(clients, join, peers);

        TlsIdentity? Identity(TlsFiles? named) => named is null ? null : TlsIdentity.Open(named, time, logger);
    }

    private static TlsFiles? Files(Flag certificate, Flag key, TlsSettings tls, Flag authority) => tls.IsOn
        ? new TlsFiles(
            new NamedFile(certificate.Label, tls.Certificate!),
            new NamedFile(key.Label, tls.Key!),
            tls.Authority is { } path ? new NamedFile(authority.Label, path) : null)
        : null;
}
