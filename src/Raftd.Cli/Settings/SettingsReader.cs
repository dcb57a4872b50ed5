using Microsoft.Extensions.Logging;
using Raftd.Api.Http;

namespace Raftd.Cli.Settings;

/// <summary>
/// Turns the texts of the sources into <see cref="ServerSettings"/> and gathers all errors.
/// </summary>
internal sealed class SettingsReader
{
    private readonly SettingSources _sources;
    private readonly List<string> _problems;

    private SettingsReader(SettingSources sources)
    {
        _sources = sources;
        _problems = [.. sources.Problems];
    }

    private delegate bool Parser<T>(string text, out T value);

    /// <summary>The settings, and every problem with them; they may be used only if there is none.</summary>
    public static (ServerSettings Settings, IReadOnlyList<string> Problems) Read(SettingSources sources)
    {
        var reader = new SettingsReader(sources);
        var settings = reader.Read();
        return (settings, [.. reader._problems, .. settings.Validate()]);
    }

    private ServerSettings Read() => new()
    {
        Id = _sources[Flags.Id].Text,
        HttpAddress = Parse<HostPort>(Flags.HttpAddress, HostPort.TryParse, HostPort.Wanted),
        RaftAddress = Parse<HostPort>(Flags.RaftAddress, HostPort.TryParse, HostPort.Wanted),
        Join = Parse<IReadOnlyList<HostPort>>(Flags.Join, HostPort.TryParseList, HostPort.Wanted),
        InitialCluster = Parse<InitialCluster?>(Flags.InitialCluster, InitialCluster.TryParse, InitialCluster.Wanted),
        ClusterExists = Parse<bool>(Flags.InitialClusterState, TryParseState, "expected new or existing"),
        Bind = Optional<int>(Flags.Bind, TryParseInt, $"expected a number from {Flags.Bind.Allowed}"),
        AdvertiseHttpAddress = Optional<HostPort>(Flags.AdvertiseHttp, HostPort.TryParse, HostPort.Wanted),
        AdvertiseRaftAddress = Optional<HostPort>(Flags.AdvertiseRaft, HostPort.TryParse, HostPort.Wanted),
        AllowedHosts = Parse<IReadOnlyList<HostPattern>>(Flags.AllowedHosts, HostPattern.TryParseList, HostPattern.Wanted),
        ClientTls = new TlsSettings
        {
            Certificate = Path(Flags.Certificate),
            Key = Path(Flags.Key),
            Authority = Path(Flags.ClientAuthority),
            AsksForCertificates = Switch(Flags.ClientCertAuth),
        },
        JoinAuthority = Path(Flags.JoinAuthority),
        PeerTls = new TlsSettings
        {
            Certificate = Path(Flags.PeerCertificate),
            Key = Path(Flags.PeerKey),
            Authority = Path(Flags.PeerAuthority),
            AsksForCertificates = Switch(Flags.PeerClientCertAuth),
        },
        Redirect = Parse<bool>(Flags.Redirect, bool.TryParse, "expected true or false"),
        MaxValueBytes = Size(Flags.MaxValueBytes),
        CacheBytes = Size(Flags.CacheBytes),
        RequestTimeout = Duration(Flags.RequestTimeout),
        ElectionTimeout = Duration(Flags.ElectionTimeout),
        HeartbeatInterval = Duration(Flags.HeartbeatInterval),
        QuotaBytes = Size(Flags.QuotaBytes),
        MaxLeaseKeys = Parse<int>(Flags.MaxLeaseKeys, TryParseInt, $"expected a number from {Flags.MaxLeaseKeys.Allowed}"),
        WalSegmentBytes = Size(Flags.WalSegmentBytes),
        WalRetentionBytes = Size(Flags.WalRetentionBytes),
        MaxPinnedLogBytes = Optional<long>(Flags.MaxPinnedLogBytes, SizeText.TryParse, SizeText.Wanted),
        FlushInterval = Duration(Flags.FlushInterval),
        FlushBytes = Size(Flags.FlushBytes),
        BackupDirectory = Path(Flags.BackupDirectory),
        BackupInterval = Duration(Flags.BackupInterval),
        BackupsKept = Parse<int>(Flags.BackupsKept, TryParseInt, $"expected a number from {Flags.BackupsKept.Allowed}"),
        LogFormat = Parse<LogFormat>(Flags.LogFormat, TryParseFormat, "expected text or json"),
        LogLevel = Parse<LogLevel>(Flags.LogLevel, TryParseLevel, "expected trace, debug, info, warn, error or none"),
        Store = StoreSettings.Read(_sources, _problems),
        DataDirectory = _sources[Flags.DataDirectory].Text,
    };

    /// <summary>Null where no source names a file.</summary>
    private string? Path(Flag flag) => _sources[flag].Text is { Length: > 0 } path ? path : null;

    private bool? Switch(Flag flag) => Optional<bool>(flag, bool.TryParse, "expected true or false");

    private long Size(Flag flag) => Parse<long>(flag, SizeText.TryParse, SizeText.Wanted);

    private TimeSpan Duration(Flag flag) => Parse<TimeSpan>(flag, DurationText.TryParse, DurationText.Wanted);

    /// <summary>
    /// The value, or an error and the default in its place, so that the checks between settings that follow do not report a
    /// value that no source gave.
    /// </summary>
    private T Parse<T>(Flag flag, Parser<T> parser, string wanted)
    {
        var given = _sources[flag];
        if (parser(given.Text, out var value))
        {
            return value;
        }

        _problems.Add($"{flag.Label} '{given.Text}'{given.Place}: {wanted}");
        Invariant.Check(parser(flag.Default, out value) || flag.Default.Length == 0, $"the default of {flag.Label}");
        return value;
    }

    /// <summary>As <see cref="Parse"/>; an empty text means that nothing is set.</summary>
    private T? Optional<T>(Flag flag, Parser<T> parser, string wanted)
        where T : struct
    {
        if (_sources[flag].Text.Length == 0)
        {
            return null;
        }

        var problems = _problems.Count;
        var value = Parse(flag, parser, wanted);
        return _problems.Count == problems ? value : null;
    }

    private static bool TryParseInt(string text, out int value) => int.TryParse(text, out value);

    private static bool TryParseState(string text, out bool value)
    {
        value = text == "existing";
        return text is "new" or "existing";
    }

    private static bool TryParseFormat(string text, out LogFormat value)
    {
        value = text == "json" ? LogFormat.Json : LogFormat.Text;
        return text is "json" or "text";
    }

    private static bool TryParseLevel(string text, out LogLevel value)
    {
        value = text switch
        {
            "trace" => LogLevel.Trace,
            "debug" => LogLevel.Debug,
            "info" or "information" => LogLevel.Information,
            "warn" or "warning" => LogLevel.Warning,
            "error" => LogLevel.Error,
            _ => LogLevel.None,
        };
        return value != LogLevel.None || text == "none";
    }
}
