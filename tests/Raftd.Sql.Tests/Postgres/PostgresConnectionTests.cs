using Raftd.Sql.Database;
using Raftd.Sql.Postgres;
using Raftd.Testing.Databases;
using Raftd.Tls.Making;

namespace Raftd.Sql.Tests.Postgres;

/// <summary>The ways to a server that a target can name.</summary>
public sealed class PostgresConnectionTests : IDisposable
{
    private readonly PostgresServer _server = PostgresServer.Start();

    [Fact]
    public void UnixSocket_IsAWay()
    {
        var host = Uri.EscapeDataString(_server.Directory);
        PostgresServers.Prepared($"postgres://postgres@{host}:{_server.Port}/postgres?sslmode=require").Dispose();
    }

    [Fact]
    public void Password_IsAsked_AndTakenFromTheTarget()
    {
        _server.Execute("CREATE ROLE front LOGIN SUPERUSER PASSWORD 'secret word'");
        _server.Write("pg_hba.conf", "host all front all scram-sha-256\nlocal all all trust\n");
        _server.Execute("SELECT pg_reload_conf()");
        var target = PostgresServers.TargetOf(_server.UrlOf("postgres").Replace("postgres@", "front@", StringComparison.Ordinal));
        Assert.Contains("password", Refused(target.WithPassword("wrong")), StringComparison.Ordinal);
        using var database = new PostgresDatabase(target.WithPassword("secret word"));
        database.Prepare();
    }

    [Fact]
    public void Encryption_IsRequired_AndTheCertificateVerified()
    {
        var plain = _server.UrlOf("postgres").Replace("disable", "require", StringComparison.Ordinal);
        Assert.Contains("SSL", Refused(PostgresServers.TargetOf(plain)), StringComparison.Ordinal);

        var now = DateTimeOffset.UtcNow;
        var authority = CertificateAuthority.Create(now);
        var issued = authority.Issue("database", ["127.0.0.1"], now, now.AddDays(1));
        _server.Write("server.crt", issued.Certificate);
        _server.Write("server.key", issued.Key);
        _server.Write("authority.crt", authority.Files.Certificate);
        _server.Execute("ALTER SYSTEM SET ssl = on; SELECT pg_reload_conf()");
        Assert.True(SpinWait.SpinUntil(() => Answers(plain), TimeSpan.FromSeconds(30)));

        var verified = plain.Replace("require", "verify-full", StringComparison.Ordinal);
        Assert.Contains("certificate", Refused(PostgresServers.TargetOf(verified)), StringComparison.OrdinalIgnoreCase);
        var trusted = $"{verified}&sslrootcert={Uri.EscapeDataString(_server.PathOf("authority.crt"))}";
        PostgresServers.Prepared(trusted).Dispose();
    }

    public void Dispose() => _server.Dispose();

    private static bool Answers(string url)
    {
        using var database = new PostgresDatabase(PostgresServers.TargetOf(url));
        try
        {
            database.Prepare();
            return true;
        }
        catch (DatabaseException)
        {
            return false;
        }
    }

    private static string Refused(SqlTarget target)
    {
        using var database = new PostgresDatabase(target);
        return Assert.Throws<DatabaseException>(database.Prepare).Message;
    }
}
