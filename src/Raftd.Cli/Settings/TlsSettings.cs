namespace Raftd.Cli.Settings;

/// <summary>The files of one port's TLS as they were named; what is in them is read at the start (<see cref="MemberTls"/>).</summary>
internal sealed record TlsSettings
{
    public required string? Certificate { get; init; }

    public required string? Key { get; init; }

    public required string? Authority { get; init; }

    /// <summary>etcd's switch. It repeats what <see cref="Authority"/> says, and must not contradict it; null where it is not
    /// given.</summary>
    public required bool? AsksForCertificates { get; init; }

    public bool IsOn => Certificate is not null;

    /// <summary>What is wrong with the files of both ports, as far as their names tell.</summary>
    public static IEnumerable<string> Problems(ServerSettings settings)
    {
        var (client, peer) = (settings.ClientTls, settings.PeerTls);
        string?[] problems =
        [
            Needs(Flags.Certificate, client.Certificate, Flags.Key, client.Key),
            Needs(Flags.Key, client.Key, Flags.Certificate, client.Certificate),
            Needs(Flags.ClientAuthority, client.Authority, Flags.Certificate, client.Certificate),
            Needs(Flags.JoinAuthority, settings.JoinAuthority, Flags.Certificate, client.Certificate),
            Contradiction(Flags.ClientCertAuth, client, Flags.ClientAuthority),
            Needs(Flags.PeerCertificate, peer.Certificate, Flags.PeerKey, peer.Key),
            Needs(Flags.PeerCertificate, peer.Certificate, Flags.PeerAuthority, peer.Authority),
            Needs(Flags.PeerKey, peer.Key, Flags.PeerCertificate, peer.Certificate),
            Needs(Flags.PeerAuthority, peer.Authority, Flags.PeerCertificate, peer.Certificate),
            Contradiction(Flags.PeerClientCertAuth, peer, Flags.PeerAuthority),
        ];
        return problems.OfType<string>();
    }

    private static string? Needs(Flag given, string? value, Flag other, string? otherValue) =>
        value is not null && otherValue is null ? $"{given.Label} {value}: needs {other.Label} beside it" : null;

    private static string? Contradiction(Flag flag, TlsSettings tls, Flag authority) => tls.AsksForCertificates switch
    {
        true when tls.Authority is null => $"{flag.Label}: needs {authority.Label} beside it",
        false when tls.Authority is not null => $"{flag.Label} false: contradicts {authority.Label}, which asks for certificates",
        _ => null,
    };
}
