using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using MySqlConnector;
using Npgsql;

namespace Raftd.Testing.Databases;

/// <summary>A server that runs already, of which nothing is known but its URL. Tests make databases of their own on it, and these alone
/// are read, changed and dropped: the one that the URL names is only where the statements that make others are run.</summary>
/// <remarks>tests/database.sh names it, in RAFTD_TEST_DATABASE; the password is in RAFTD_STORE_PASSWORD, where fronts look for it, too.</remarks>
public sealed class GivenServer : IDatabaseServer
{
    private const string Prefix = "raftd_test_";
    private const int MostTries = 100;

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new(); // guards _made
    private readonly List<string> _made = [];
    private readonly string _run = Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
    private readonly Uri _url;
    private readonly string? _password;
    private int _asked;

    /// <param name="url">As a front takes it, without a password; no Unix socket.</param>
    /// <param name="password">Null for none.</param>
    /// <exception cref="UriFormatException">It is none.</exception>
    public GivenServer(string url, string? password) => (_url, _password) = (new Uri(url), password);

    /// <summary>Of the server that the tests were given; null where they were given none.</summary>
    public static string? Url => Environment.GetEnvironmentVariable("RAFTD_TEST_DATABASE");

    /// <summary>Of the same; null for none.</summary>
    public static string? Password => Url is null ? null : Environment.GetEnvironmentVariable("RAFTD_STORE_PASSWORD");

    /// <summary>Whether it runs is its owner's to know.</summary>
    public string? OwnEnd => null;

    private string User => Uri.UnescapeDataString(_url.UserInfo);

    private bool IsPostgres => _url.Scheme.StartsWith("postgres", StringComparison.Ordinal);

    /// <summary>Null where the tests were given none of this kind.</summary>
    /// <param name="scheme">Of its URL: postgres or mysql.</param>
    public static GivenServer? Of(string scheme) =>
        Url is { } url && url.StartsWith(scheme, StringComparison.Ordinal) ? new GivenServer(url, Password) : null;

    /// <exception cref="InvalidOperationException">The server cannot be reached, or does not let the user do this; with what to do.</exception>
    public string CreateDatabase()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{_run}_{Interlocked.Increment(ref _asked)}");
        try
        {
            Run(null, $"CREATE DATABASE {name}");
        }
        catch (DbException denied) when (denied is PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege }
            or MySqlException { ErrorCode: MySqlErrorCode.DatabaseAccessDenied })
        {
            throw new InvalidOperationException($"{User} may not make databases on {_url.Host}; let it, as an administrator: {Grant()}", denied);
        }

        lock (_gate)
        {
            _made.Add(name);
        }

        return new UriBuilder(_url) { Path = name }.ToString();
    }

    public string Query(string url, string sql)
    {
        var name = new Uri(url).AbsolutePath.Trim('/');
        lock (_gate)
        {
            if (!_made.Contains(name))
            {
                throw new InvalidOperationException($"{name} is not a database that these tests have made, so they run nothing in it");
            }
        }

        return Run(name, sql);
    }

    public void Kill() => throw Refusal();

    public void Restart() => throw Refusal();

    public void Pause() => throw Refusal();

    public void Continue() => throw Refusal();

    public void BreakConnections() => throw Refusal();

    /// <summary>Drops what was made.</summary>
    public void Dispose()
    {
        List<string> made;
        lock (_gate)
        {
            made = [.. _made];
            _made.Clear();
        }

        made.ForEach(Drop);
    }

    private static InvalidOperationException Refusal() => new("a server that the tests were given is not theirs to be stopped or disturbed");

    /// <summary>PostgreSQL drops no database with connections to it, and those of processes that were killed end a moment later.</summary>
    private void Drop(string name)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                Run(null, $"DROP DATABASE {name}");
                return;
            }
            catch (PostgresException inUse) when (inUse.SqlState == PostgresErrorCodes.ObjectInUse && tries < MostTries)
            {
                Run(null, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
                Thread.Sleep(BetweenTries);
            }
        }
    }

    /// <summary>What lets the user make databases of the tests.</summary>
    private string Grant() => IsPostgres
        ? $"ALTER ROLE \"{User}\" CREATEDB;"
        : $@"GRANT ALL ON `{Prefix.Replace("_", @"\_", StringComparison.Ordinal)}%`.* TO '{Run(null, "SELECT CURRENT_USER()").Replace("@", "'@'", StringComparison.Ordinal)}';";

    /// <param name="database">Null for the one of the URL.</param>
    /// <param name="sql">Statements with semicolons between them.</param>
    /// <returns>Their rows, a line each.</returns>
    private string Run(string? database, string sql)
    {
        using var connection = Connect(database);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        do
        {
            while (reader.Read())
            {
                rows.Add(string.Join('\t', Enumerable.Range(0, reader.FieldCount).Select(reader.GetValue)));
            }
        }
        while (reader.NextResult());
        return string.Join('\n', rows);
    }

    private DbConnection Connect(string? database)
    {
        DbConnection connection = IsPostgres ? new NpgsqlConnection(PostgresString(database)) : new MySqlConnection(MySqlString(database));
        try
        {
            connection.Open();
            return connection;
        }
        catch (Exception failure) when (failure is DbException or TimeoutException)
        {
            connection.Dispose();
            throw new InvalidOperationException(
                $"{_url} does not let the tests in: {failure.GetBaseException().Message}; name a server that runs, and give the password of its user",
                failure);
        }
    }

    private string PostgresString(string? database) => new NpgsqlConnectionStringBuilder
    {
        Host = _url.DnsSafeHost,
        Port = _url.Port > 0 ? _url.Port : 5432,
        Database = database ?? Uri.UnescapeDataString(_url.AbsolutePath.Trim('/')),
        Username = User,
        Password = _password,
        SslMode = Setting("sslmode") switch
        {
            "disable" => SslMode.Disable,
            "require" => SslMode.Require,
            "verify-full" => SslMode.VerifyFull,
            _ => SslMode.Prefer,
        },
        RootCertificate = Setting("sslrootcert"),
        GssEncryptionMode = GssEncryptionMode.Disable,
        Pooling = false,
    }.ConnectionString;

    // A user may have a right to the databases of the tests and to no other, so none is named where it need not be.
    private string MySqlString(string? database) => new MySqlConnectionStringBuilder
    {
        Server = _url.DnsSafeHost,
        Port = _url.Port > 0 ? (uint)_url.Port : 3306,
        Database = database ?? "",
        UserID = User,
        Password = _password ?? "",
        SslMode = Setting("sslmode") switch
        {
            "disable" => MySqlSslMode.None,
            "require" => MySqlSslMode.Required,
            "verify-full" => MySqlSslMode.VerifyFull,
            _ => MySqlSslMode.Preferred,
        },
        SslCa = Setting("sslrootcert") ?? "",
        Pooling = false,
    }.ConnectionString;

    /// <summary>Of the URL; null where it says nothing.</summary>
    private string? Setting(string name) => _url.Query.TrimStart('?').Split('&')
        .Where(part => part.StartsWith(name + "=", StringComparison.Ordinal))
        .Select(part => Uri.UnescapeDataString(part[(name.Length + 1)..]))
        .FirstOrDefault();
}
