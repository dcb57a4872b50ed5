using System.Runtime.Versioning;
using System.Security.Cryptography.X509Certificates;
using Raftd.Testing.Clocks;
using Raftd.Testing.Disks;
using Raftd.Tls;

namespace Raftd.Cli.Tests;

/// <summary>What <c>raftd cert</c> leaves in its folder.</summary>
public sealed class CertCommandTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly ManualTime _time = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Run_InAnEmptyFolder_MakesACaAndACertificateOfIt()
    {
        Assert.Equal(ExitCode.Ok, Run());

        using var authority = Load("ca");
        using var server = Load("server");
        var authorityConstraints = authority.Extensions.OfType<X509BasicConstraintsExtension>().Single();
        Assert.True(authorityConstraints is { CertificateAuthority: true, Critical: true, PathLengthConstraint: 0 });
        Assert.Equal(
            X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, authority.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages);
        Assert.True(server.Extensions.OfType<X509BasicConstraintsExtension>().Single() is { CertificateAuthority: false, Critical: true });
        Assert.Equal(X509KeyUsageFlags.DigitalSignature, server.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages);
        var usages = server.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages;
        Assert.Equal("1.3.6.1.5.5.7.3.1 1.3.6.1.5.5.7.3.2", $"{usages[0].Value} {usages[1].Value}");
        Assert.Equal(
            authority.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifierBytes.ToArray(),
            server.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().Single().KeyIdentifier!.Value.ToArray());
        Assert.Equal(_time.WallClock.AddDays(365).UtcDateTime, server.NotAfter.ToUniversalTime());
        Assert.All(["localhost", "127.0.0.1", "::1"], name => Assert.True(server.MatchesHostname(name)));
        Assert.Contains("valid until 2027-01-01", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains($"-cert {_folder.At("server.crt")} -key {_folder.At("server.key")}", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_OnceMoreInTheFolder_SignsWithTheCaThatIsThere()
    {
        Run();
        var authority = File.ReadAllText(_folder.At("ca.crt"));

        Assert.Equal(ExitCode.Ok, Run("client", "db.example.org", "10.0.0.1"));

        Assert.Equal(authority, File.ReadAllText(_folder.At("ca.crt")));
        using var client = Load("client");
        Assert.True(client.MatchesHostname("db.example.org") && client.MatchesHostname("10.0.0.1"));
        Assert.False(client.MatchesHostname("localhost"));
        var files = new TlsFiles(
            new NamedFile("-cert", _folder.At("client.crt")), new NamedFile("-key", _folder.At("client.key")), new NamedFile("-ca", _folder.At("ca.crt")));
        using var chain = new X509Chain { ChainPolicy = TlsMaterial.Read(files).PolicyFor(new("1.3.6.1.5.5.7.3.1"))! };
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = _time.WallClock.UtcDateTime;
        Assert.True(chain.Build(client), string.Join(", ", chain.ChainStatus.Select(status => status.Status)));
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public void Keys_AreForTheirOwnerAlone()
    {
        Run();
        Assert.All(
            ["ca.key", "server.key"],
            name => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder.At(name))));
    }

    [Theory]
    [InlineData("server.crt")]
    [InlineData("server.key")]
    public void File_ThatIsThere_IsNotOverwritten_AndNothingElseIsMade(string name)
    {
        var path = _folder.Write(name, "mine");

        Assert.Equal(ExitCode.Usage, Run());

        Assert.Equal("mine", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(_folder.Path));
        Assert.Contains($"{path} is there already", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ca.crt")]
    [InlineData("ca.key")]
    public void Ca_OfWhichAPartIsMissing_IsRefused(string missing)
    {
        Run();
        File.Delete(_folder.At(missing));

        Assert.Equal(ExitCode.Usage, Run("client"));

        Assert.Contains("are no CA that can sign", _error.ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.At("client.crt")));
    }

    [Fact]
    public void Folder_ThatCannotBeMade_IsAnErrorOfOneLine()
    {
        var file = _folder.Write("file", "");
        var options = new CertOptions { Folder = Path.Combine(file, "sub"), Name = "server", Days = 1, Hosts = [] };
        Assert.Equal(ExitCode.StartFailed, CertCommand.Run(options, _time, _output, _error));
        Assert.Single(_error.ToString().TrimEnd().Split('\n'));
    }

    private ExitCode Run(string name = CertOptions.DefaultName, params string[] hosts) => CertCommand.Run(
        new CertOptions { Folder = _folder.Path, Name = name, Days = CertOptions.DefaultDays, Hosts = hosts }, _time, _output, _error);

    private X509Certificate2 Load(string name) =>
        X509Certificate2.CreateFromPem(File.ReadAllText(_folder.At(name + ".crt")), File.ReadAllText(_folder.At(name + ".key")));
}
