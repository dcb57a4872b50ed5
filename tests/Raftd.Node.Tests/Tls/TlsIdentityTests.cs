using Raftd.Testing.Clocks;
using Raftd.Testing.Tls;
using Raftd.Tls;
using Raftd.Tls.Making;

namespace Raftd.Node.Tests.Tls;

/// <summary>The files of a certificate: what is wrong with them at a start, and what happens when they change later.</summary>
public sealed class TlsIdentityTests : IDisposable
{
    private readonly CertificateFolder _folder = new();
    private readonly ManualTime _time = new() { WallClock = DateTimeOffset.UtcNow };
    private readonly NotedEvents _log = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Files_Exchanged_AreInUseASecondLater_NotBefore()
    {
        var identity = Open();
        var first = identity.Current;

        _folder.Write(_folder.Issue());
        Assert.Same(first, identity.Current);

        _time.Seconds(1);
        Assert.NotSame(first, identity.Current);
        Assert.StartsWith("CertificateRead ", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_Unchanged_AreNotReadAgain()
    {
        var identity = Open();
        var first = identity.Current;

        _time.Seconds(60);

        Assert.Same(first, identity.Current);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public void NewCertificate_WhoseKeyIsNotThereYet_LeavesTheOldOneWithOneWarning()
    {
        var identity = Open();
        var first = identity.Current;
        var next = _folder.Issue();

        File.WriteAllText(_folder.At("server.crt"), next.Certificate);
        for (var look = 0; look < 3; look++)
        {
            _time.Seconds(1);
            Assert.Same(first, identity.Current);
        }

        Assert.StartsWith("CertificateKept ", Assert.Single(_log.Lines), StringComparison.Ordinal);
        Assert.Contains($"-key {_folder.At("server.key")}: does not fit -cert", _log.Lines[0], StringComparison.Ordinal);

        File.WriteAllText(_folder.At("server.key"), next.Key);
        _time.Seconds(1);
        Assert.NotSame(first, identity.Current);
        Assert.Equal(1, _log.Count("CertificateRead"));
    }

    [Fact]
    public void File_Gone_LeavesTheOldOneAndIsTriedAgain()
    {
        var identity = Open();
        var first = identity.Current;

        File.Move(_folder.At("server.key"), _folder.At("away"));
        _time.Seconds(1);
        Assert.Same(first, identity.Current);
        Assert.Equal(1, _log.Count("CertificateKept"));

        File.Move(_folder.At("away"), _folder.At("server.key"));
        _time.Seconds(1);
        Assert.NotSame(first, identity.Current);
    }

    [Fact]
    public void Ca_Exchanged_IsInUse()
    {
        var identity = Open(asksForCertificates: true);
        var both = _folder.Authority.Files.Certificate + CertificateFolder.NewAuthority().Files.Certificate;

        File.WriteAllText(_folder.At("ca.crt"), both);
        _time.Seconds(1);

        Assert.Equal(2, identity.Current.Authorities!.Count);
    }

    /// <summary>As a container's secrets are exchanged: the names stay, and lead elsewhere.</summary>
    [Fact]
    public void Link_ThatLeadsElsewhereNow_IsNoticed()
    {
        _folder.Write(_folder.Issue(), "old");
        _folder.Write(_folder.Issue("longer name"), "new");
        Link("old");
        var identity = TlsIdentity.Open(_folder.Files(asksForCertificates: false), _time, _log);
        var first = identity.Current;

        Link("new");
        _time.Seconds(1);

        Assert.NotSame(first, identity.Current);
    }

    [Fact]
    public void Certificate_Expired_IsAWarningAndStarts()
    {
        _folder.Write(_folder.Issue(until: DateTimeOffset.UtcNow.AddHours(-1)));
        TlsIdentity.Open(_folder.Files(asksForCertificates: false), _time, _log);
        Assert.StartsWith("CertificateExpired -cert ", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Certificate_NotYetValid_IsAWarningAndStarts()
    {
        _folder.Write(_folder.Issue(until: DateTimeOffset.UtcNow.AddDays(10)));
        _time.WallClock = DateTimeOffset.UtcNow.AddDays(-1);
        TlsIdentity.Open(_folder.Files(asksForCertificates: false), _time, _log);
        Assert.StartsWith("CertificateNotYetValid ", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("server.crt", null, "-cert {0}: cannot be read (")]
    [InlineData("server.crt", "hello", "-cert {0}: holds no certificate")]
    [InlineData("server.crt", "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n", "-cert {0}: holds a certificate that cannot be read (")]
    [InlineData("server.key", null, "-key {0}: cannot be read (")]
    [InlineData("server.key", "hello", "-key {0}: holds no private key")]
    [InlineData("server.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\naGVsbG8=\n-----END ENCRYPTED PRIVATE KEY-----\n", "-key {0}: the key is encrypted")]
    [InlineData("server.key", "-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n", "-key {0}: does not fit -cert ")]
    [InlineData("ca.crt", null, "-client-ca {0}: cannot be read (")]
    [InlineData("ca.crt", "", "-client-ca {0}: holds no certificate")]
    public void File_ThatCannotBeUsed_IsNamedWithItsFlag(string name, string? content, string problem)
    {
        _folder.Write(_folder.Issue());
        if (content is null)
        {
            File.Delete(_folder.At(name));
        }
        else
        {
            File.WriteAllText(_folder.At(name), content);
        }

        var refused = Assert.Throws<TlsFilesException>(() => TlsMaterial.Read(_folder.Files(asksForCertificates: true)));

        Assert.StartsWith(string.Format(null, problem, _folder.At(name)), refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(refused.ToDo);
    }

    [Fact]
    public void Key_OfAnotherCertificate_IsNamed_AndNotShown()
    {
        var (one, other) = (_folder.Issue(), _folder.Issue());
        _folder.Write(new PemPair(one.Certificate, other.Key));

        var refused = Assert.Throws<TlsFilesException>(() => TlsMaterial.Read(_folder.Files(asksForCertificates: false)));

        Assert.Equal($"-key {_folder.At("server.key")}: does not fit -cert {_folder.At("server.crt")}", refused.Message);
        Assert.DoesNotContain(other.Key.Split('\n')[1], refused.ToString(), StringComparison.Ordinal);
    }

    private TlsIdentity Open(bool asksForCertificates = false) => _folder.Identity(asksForCertificates, time: _time, logger: _log);

    private void Link(string to)
    {
        foreach (var end in (string[])[".crt", ".key"])
        {
            File.Delete(_folder.At("server" + end));
            File.CreateSymbolicLink(_folder.At("server" + end), _folder.At(to + end));
        }
    }
}
