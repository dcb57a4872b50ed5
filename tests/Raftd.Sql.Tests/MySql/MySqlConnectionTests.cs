using Raftd.Sql.Database;
using Raftd.Sql.MySql;
using Raftd.Testing.Databases;
using Raftd.Tls.Making;

namespace Raftd.Sql.Tests.MySql;

/// <summary>The ways to a server that a target can name.</summary>
public sealed class MySqlConnectionTests : IDisposable
{
    private readonly MariaDbServer _server = MariaDbServer.Start();

    [Fact]
    public void UnixSocket_IsAWay()
    {
        var name = MariaDbServers.TargetOf(_server.CreateDatabase()).Database;
        MariaDbServers.Prepared($"mysql://root@{Uri.EscapeDataString(_server.Socket)}/{name}?sslmode=require").Dispose();
        using var nowhere = new MySqlDatabase(MariaDbServers.TargetOf($"mysql://root@{Uri.EscapeDataString(_server.Socket + "-")}/{name}"));
        Assert.Equal(DatabaseFault.Away, Assert.Throws<DatabaseException>(nowhere.Prepare).Fault);
    }

    [Fact]
    public void Password_IsAsked_AndTakenFromTheTarget()
    {
        var url = _server.CreateDatabase();
        _server.Execute("CREATE USER front IDENTIFIED BY 'secret word'; GRANT ALL ON *.* TO front");
        var target = MariaDbServers.TargetOf(url.Replace("root@", "front@", StringComparison.Ordinal));
        Assert.Contains("Access denied for user 'front'", Refused(target.WithPassword("wrong")), StringComparison.Ordinal);
        Assert.Contains("using password: NO", Refused(target), StringComparison.Ordinal);
        using var database = new MySqlDatabase(target.WithPassword("secret word"));
        database.Prepare();
    }

    [Fact]
    public void Encryption_IsRequired_AndTheCertificateVerified()
    {
        var plain = _server.CreateDatabase().Replace("disable", "require", StringComparison.Ordinal);
        Assert.Contains("does not support SSL", Refused(MariaDbServers.TargetOf(plain)), StringComparison.Ordinal);

        var now = DateTimeOffset.UtcNow;
        var authority = CertificateAuthority.Create(now);
        var issued = authority.Issue("database", ["127.0.0.1"], now, now.AddDays(1));
        _server.Write("server.crt", issued.Certificate);
        _server.Write("server.key", issued.Key);
        _server.Write("authority.crt", authority.Files.Certificate);
        _server.Stop();
        _server.RestartWith($"--ssl-cert={_server.PathOf("server.crt")}", $"--ssl-key={_server.PathOf("server.key")}");
        MariaDbServers.Prepared(plain).Dispose();

        var verified = plain.Replace("require", "verify-full", StringComparison.Ordinal);
        Assert.Contains("certificate", Refused(MariaDbServers.TargetOf(verified)), StringComparison.OrdinalIgnoreCase);
        var trusted = $"{verified}&sslrootcert={Uri.EscapeDataString(_server.PathOf("authority.crt"))}";
        MariaDbServers.Prepared(trusted).Dispose();
        var renamed = trusted.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        Assert.Contains("certificate", Refused(MariaDbServers.TargetOf(renamed)), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("nowhere", Refused(MariaDbServers.TargetOf($"{verified}&sslrootcert=%2Fnowhere")), StringComparison.Ordinal);
    }

    public void Dispose() => _server.Dispose();

    private static string Refused(SqlTarget target)
    {
        using var database = new MySqlDatabase(target);
        var failure = Assert.Throws<DatabaseException>(database.Prepare);
        Assert.True(failure.Fault == DatabaseFault.Wrong, $"{failure}");
        return failure.Message;
    }
}
