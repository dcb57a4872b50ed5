using System.Net;
using Microsoft.Extensions.Logging;

namespace Raftd.Tls;

/// <summary>The log lines about TLS. Event ids 1400 to 1499; never reused.</summary>
internal static partial class TlsLog
{
    [LoggerMessage(1400, LogLevel.Information, "{File} was read again: {Subject}, valid until {Until:u}", EventName = "CertificateRead")]
    public static partial void ReadAgain(ILogger logger, NamedFile file, string subject, DateTime until);

    [LoggerMessage(1401, LogLevel.Warning,
        "The changed certificate files cannot be used, so those read before stay in use: {Problem}", EventName = "CertificateKept")]
    public static partial void OldOneKept(ILogger logger, string problem);

    [LoggerMessage(1402, LogLevel.Warning,
        "{File}: the certificate expired at {Until:u}, and others will refuse it; put a new one in its place, no restart is needed",
        EventName = "CertificateExpired")]
    public static partial void Expired(ILogger logger, NamedFile file, DateTime until);

    [LoggerMessage(1403, LogLevel.Warning,
        "{File}: the certificate is not valid before {From:u}, and others will refuse it; is the clock right?",
        EventName = "CertificateNotYetValid")]
    public static partial void NotYetValid(ILogger logger, NamedFile file, DateTime from);

    [LoggerMessage(1404, LogLevel.Warning,
        "{Remote} was refused at the port for {Audience}: {Problem} (certificate: {Subject}); {Silenced} more since the last such line",
        EventName = "CertificateRefused")]
    public static partial void CertificateRefused(
        ILogger logger, EndPoint? remote, string audience, string problem, string subject, long silenced);

    [LoggerMessage(1405, LogLevel.Warning,
        "{Remote} spoke clear text at the port for {Audience}, which speaks TLS; {Silenced} more since the last such line",
        EventName = "ClearTextOnTlsPort")]
    public static partial void ClearTextOnTlsPort(ILogger logger, EndPoint? remote, string audience, long silenced);

    [LoggerMessage(1406, LogLevel.Warning,
        "{Remote} spoke TLS at the port for {Audience}, which has none: it should use http://, or this member needs {Setting}; "
        + "{Silenced} more since the last such line",
        EventName = "TlsOnClearPort")]
    public static partial void TlsOnClearPort(ILogger logger, EndPoint? remote, string audience, string setting, long silenced);

    [LoggerMessage(1407, LogLevel.Warning,
        "{Limit} TLS handshakes are under way at the port for {Audience}, and some were cut: are there clients that connect and say "
        + "nothing? {Silenced} more since the last such line",
        EventName = "HandshakesCut")]
    public static partial void HandshakesCut(ILogger logger, int limit, string audience, long silenced);
}
