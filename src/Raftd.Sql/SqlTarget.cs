using System.Diagnostics.CodeAnalysis;

namespace Raftd.Sql;

/// <summary>
/// Where the database is: <c>postgres://user[:password]@host[:port]/database[?sslmode=…&amp;sslrootcert=…]</c>, or the same with
/// <c>mysql://</c>. What has a meaning in a URL stands percent-encoded; a host that begins with a slash is a
/// Unix socket: for PostgreSQL its directory, for MySQL the socket itself.
/// </summary>
public sealed record SqlTarget
{
    internal SqlTarget()
    {
    }

    public required SqlEngine Engine { get; init; }

    /// <summary>A name, an address without brackets, or what names a Unix socket.</summary>
    public required string Host { get; init; }

    public required int Port { get; init; }

    public required string Database { get; init; }

    public required string User { get; init; }

    public required SqlEncryption Encryption { get; init; }

    /// <summary>A file with the certificates of the authorities that are believed, in PEM; null for those of the system.</summary>
    public string? RootCertificatePath { get; init; }

    /// <summary>Null for none.</summary>
    internal string? Password { get; init; }

    public bool HasPassword => Password is not null;

    public bool IsSocket => Host.StartsWith('/');

    /// <param name="url">As an operator wrote it.</param>
    /// <param name="problem">What is wrong with it and what is expected, without the password.</param>
    public static bool TryParse(
        string url, [NotNullWhen(true)] out SqlTarget? target, [NotNullWhen(false)] out string? problem)
    {
        (target, problem) = SqlTargetParser.Parse(url);
        return target is not null;
    }

    /// <summary>The same with a password that was kept elsewhere: in a file, in the environment.</summary>
    public SqlTarget WithPassword(string password) => this with { Password = password };

    /// <summary>As a URL, without the password.</summary>
    public override string ToString()
    {
        var scheme = Engine == SqlEngine.Postgres ? SqlTargetParser.PostgresScheme : SqlTargetParser.MySqlScheme;
        var host = Host.Contains(':') ? $"[{Host}]" : Uri.EscapeDataString(Host);
        return $"{scheme}://{Uri.EscapeDataString(User)}@{host}:{Port}/{Uri.EscapeDataString(Database)}";
    }
}
