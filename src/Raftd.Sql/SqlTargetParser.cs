// By hand, because Uri changes what it reads (it lowers hosts, drops default ports, takes a socket's directory for a wrong name),
// and because its errors do not say which part is wrong.

using System.Globalization;
using System.Net;

namespace Raftd.Sql;

internal static class SqlTargetParser
{
    public const string PostgresScheme = "postgres";
    public const string MySqlScheme = "mysql";

    private const string Wanted = "expected postgres://user@host/database or mysql://user@host/database";

    /// <returns>A target or a problem.</returns>
    public static (SqlTarget? Target, string? Problem) Parse(string url)
    {
        try
        {
            return (Read(url), null);
        }
        catch (FormatException wrong)
        {
            return (null, wrong.Message);
        }
    }

    private static SqlTarget Read(string url)
    {
        var (scheme, rest) = Cut(url, "://");
        var engine = EngineOf(rest is null ? null : scheme);
        var (location, query) = Cut(rest!, "?");
        var (authority, path) = Cut(location, "/");
        if (authority.Contains('@') && (path?.Contains('@') == true || query?.Contains('@') == true))
        {
            // Part of a password may stand where a host or a database is expected, and would be printed as such.
            throw new FormatException("the URL has an @ behind the host: an @, a slash or a question mark in a password is written %40, %2F or %3F");
        }

        var at = authority.LastIndexOf('@');
        if (at <= 0)
        {
            throw new FormatException($"the URL names no user: {Wanted}; a slash or a question mark in a password is written %2F or %3F");
        }

        var (user, password) = Cut(authority[..at], ":");
        var (host, port) = ReadHost(authority[(at + 1)..], engine == SqlEngine.Postgres ? 5432 : 3306);
        var database = Decode(path ?? "", "the name of the database");
        if (user.Length == 0 || database.Length == 0)
        {
            throw new FormatException($"the URL names no {(user.Length == 0 ? "user" : "database")}: {Wanted}");
        }

        return ReadQuery(query, new SqlTarget
        {
            Engine = engine,
            Host = host,
            Port = port,
            Database = database,
            User = Decode(user, "the user"),
            Password = password is null ? null : Decode(password, "the password"),
            Encryption = SqlEncryption.Prefer,
        });
    }

    private static SqlEngine EngineOf(string? scheme) => scheme switch
    {
        PostgresScheme or "postgresql" => SqlEngine.Postgres,
        MySqlScheme => SqlEngine.MySql,
        _ => throw new FormatException($"not the URL of a database: {Wanted}"),
    };

    private static (string Host, int Port) ReadHost(string text, int defaultPort)
    {
        var end = text.StartsWith('[') ? text.IndexOf(']') + 1 : text.IndexOf(':');
        end = end <= 0 ? text.Length : end;
        var host = text.StartsWith('[') ? ReadAddress(text[..end]) : Decode(text[..end], "the host");
        if (host.Length == 0 || host.Contains(',') || (host.Contains(':') && !text.StartsWith('[')))
        {
            throw new FormatException($"'{text}' is not one host: {Wanted}; an IPv6 address stands in brackets");
        }

        return (host, end == text.Length ? defaultPort : ReadPort(text[end..]));
    }

    private static string ReadAddress(string text)
    {
        var address = text.EndsWith(']') ? text[1..^1] : "";
        return address.Contains(':') && IPAddress.TryParse(address, out _)
            ? address
            : throw new FormatException($"'{text}' is not an IPv6 address in brackets, such as [::1]");
    }

    private static int ReadPort(string text) =>
        text.StartsWith(':')
        && int.TryParse(text.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
        && port is > 0 and <= 65535
            ? port
            : throw new FormatException($"'{text}' is not a port: expected a colon and a number from 1 to 65535");

    private static SqlTarget ReadQuery(string? query, SqlTarget target)
    {
        foreach (var part in (query ?? "").Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, text) = Cut(part, "=");
            var value = Decode(text ?? "", name);
            target = name switch
            {
                "sslmode" => target with { Encryption = EncryptionOf(value) },
                "sslrootcert" when value.Length > 0 => target with { RootCertificatePath = value },
                "sslrootcert" => throw new FormatException("sslrootcert names no file"),
                _ => throw new FormatException($"the URL has an unknown setting '{name}': sslmode and sslrootcert are known"),
            };
        }

        return target.RootCertificatePath is null || target.Encryption == SqlEncryption.VerifyFull
            ? target
            : throw new FormatException("sslrootcert is asked for and not used: it needs sslmode=verify-full");
    }

    private static SqlEncryption EncryptionOf(string mode) => mode switch
    {
        "disable" => SqlEncryption.Disable,
        "require" => SqlEncryption.Require,
        "verify-full" => SqlEncryption.VerifyFull,
        _ => throw new FormatException($"sslmode={mode} is unknown: expected disable, require or verify-full"),
    };

    /// <param name="what">For the problem, which must not show a password.</param>
    private static string Decode(string text, string what)
    {
        for (var at = text.IndexOf('%'); at >= 0; at = text.IndexOf('%', at + 1))
        {
            if (at + 2 >= text.Length || !char.IsAsciiHexDigit(text[at + 1]) || !char.IsAsciiHexDigit(text[at + 2]))
            {
                throw new FormatException($"{what} has a % that is not followed by two hexadecimal digits: a % itself is written %25");
            }
        }

        return Uri.UnescapeDataString(text);
    }

    /// <returns>What is before the separator and behind it; all and null where there is none.</returns>
    private static (string Before, string? Behind) Cut(string text, string separator)
    {
        var at = text.IndexOf(separator, StringComparison.Ordinal);
        return at < 0 ? (text, null) : (text[..at], text[(at + separator.Length)..]);
    }
}
