namespace Raftd.Sql.Tests;

public sealed class SqlTargetTests
{
    [Theory]
    [InlineData("postgres://u@db.example/raftd", SqlEngine.Postgres, "db.example", 5432, "u", null, "raftd")]
    [InlineData("postgresql://u@db.example:6000/raftd", SqlEngine.Postgres, "db.example", 6000, "u", null, "raftd")]
    [InlineData("mysql://u@127.0.0.1/raftd", SqlEngine.MySql, "127.0.0.1", 3306, "u", null, "raftd")]
    [InlineData("postgres://u:secret@[::1]/raftd", SqlEngine.Postgres, "::1", 5432, "u", "secret", "raftd")]
    [InlineData("postgres://u:@[fe80::1]:77/raftd", SqlEngine.Postgres, "fe80::1", 77, "u", "", "raftd")]
    [InlineData("postgres://u%40x:p%3A%2F%40%25@h/a%20b", SqlEngine.Postgres, "h", 5432, "u@x", "p:/@%", "a b")]
    [InlineData("postgres://u:p@ss:word@h/d", SqlEngine.Postgres, "h", 5432, "u", "p@ss:word", "d")]
    [InlineData("postgres://u@%2Fvar%2Frun%2Fpostgresql/d", SqlEngine.Postgres, "/var/run/postgresql", 5432, "u", null, "d")]
    public void Url_IsTaken(string url, SqlEngine engine, string host, int port, string user, string? password, string database)
    {
        Assert.True(SqlTarget.TryParse(url, out var target, out var problem), problem);
        Assert.Equal((engine, host, port, user, database), (target.Engine, target.Host, target.Port, target.User, target.Database));
        Assert.Equal(password, target.Password);
        Assert.Equal(password is not null, target.HasPassword);
        Assert.Equal(host.StartsWith('/'), target.IsSocket);
        Assert.Equal(SqlEncryption.Prefer, target.Encryption);
    }

    [Theory]
    [InlineData("?sslmode=disable", SqlEncryption.Disable, null)]
    [InlineData("?sslmode=require", SqlEncryption.Require, null)]
    [InlineData("?sslmode=verify-full", SqlEncryption.VerifyFull, null)]
    [InlineData("?sslmode=verify-full&sslrootcert=/etc/a%20b.pem", SqlEncryption.VerifyFull, "/etc/a b.pem")]
    [InlineData("?", SqlEncryption.Prefer, null)]
    public void Encryption_IsTaken(string query, SqlEncryption encryption, string? rootCertificate)
    {
        Assert.True(SqlTarget.TryParse($"postgres://u@h/d{query}", out var target, out var problem), problem);
        Assert.Equal((encryption, rootCertificate), (target.Encryption, target.RootCertificatePath));
    }

    [Theory]
    [InlineData("", "not the URL of a database")]
    [InlineData("u@h/d", "not the URL of a database")]
    [InlineData("http://u:secret@h/d", "not the URL of a database: expected postgres://user@host/database")]
    [InlineData("postgres://h/d", "names no user")]
    [InlineData("postgres://:secret@h/d", "names no user")]
    [InlineData("postgres://u:sec/ret@h/d", "a slash or a question mark in a password is written %2F or %3F")]
    [InlineData("postgres://u:secret@h", "names no database")]
    [InlineData("postgres://u:secret@h/", "names no database")]
    [InlineData("postgres://u:secret@/d", "'' is not one host")]
    [InlineData("postgres://u:secret@a,b/d", "'a,b' is not one host")]
    [InlineData("postgres://u:secret@::1/d", "'::1' is not one host")]
    [InlineData("postgres://u:secret@[::g]/d", "'[::g]' is not an IPv6 address")]
    [InlineData("postgres://u:secret@[::1/d", "'[::1' is not an IPv6 address")]
    [InlineData("postgres://u:secret@[::1]x/d", "'x' is not a port")]
    [InlineData("postgres://u:secret@:5432/d", "':5432' is not one host")]
    [InlineData("postgres://u:secret@h:0/d", "':0' is not a port")]
    [InlineData("postgres://u:secret@h:65536/d", "':65536' is not a port")]
    [InlineData("postgres://u:secret@h:x/d", "':x' is not a port")]
    [InlineData("postgres://u:secret%@h/d", "the password has a % that is not followed by two hexadecimal digits")]
    [InlineData("postgres://u:secret@h/d%2", "the name of the database has a %")]
    [InlineData("postgres://u:secret@h/d?sslmode=prefer", "sslmode=prefer is unknown: expected disable, require or verify-full")]
    [InlineData("postgres://u:secret@h/d?sslmod=require", "unknown setting 'sslmod'")]
    [InlineData("postgres://u:secret@h/d?sslmode=require&sslrootcert=/a", "it needs sslmode=verify-full")]
    [InlineData("postgres://u:secret@h/d?sslmode=verify-full&sslrootcert=", "sslrootcert names no file")]
    public void Url_ThatIsWrong_IsRefusedWithItsPlace_AndWithoutThePassword(string url, string text)
    {
        Assert.False(SqlTarget.TryParse(url, out _, out var problem));
        Assert.Contains(text, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://u:secret@h/d", "postgres://u@h:5432/d")]
    [InlineData("mysql://u%40x:secret@[::1]:99/a%20b", "mysql://u%40x@[::1]:99/a%20b")]
    [InlineData("postgres://u@%2Frun/d?sslmode=disable", "postgres://u@%2Frun:5432/d")]
    public void Text_IsAUrlWithoutThePassword(string url, string text)
    {
        Assert.True(SqlTarget.TryParse(url, out var target, out _));
        Assert.Equal(text, target.ToString());
        Assert.Equal(text, target.WithPassword("secret").ToString());
        Assert.Equal("secret", target.WithPassword("secret").Password);
    }
}
