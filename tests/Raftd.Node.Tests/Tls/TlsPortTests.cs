using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Raftd.Testing;
using Raftd.Testing.Clocks;
using Raftd.Testing.Tls;
using Raftd.Tls;
using Raftd.Tls.Making;

namespace Raftd.Node.Tests.Tls;

/// <summary>Who comes through a port with TLS, and what those are told who do not.</summary>
public sealed class TlsPortTests : IDisposable
{
    private readonly CertificateFolder _folder = new();
    private readonly NotedEvents _log = new();

    public static TheoryData<Version> Versions => [HttpVersion.Version11, HttpVersion.Version20];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_OfEitherProtocol_IsServedOnTheOnePort(Version version)
    {
        await using var port = await StartAsync(asksForCertificates: false);
        using var client = _folder.Http(version);
        Assert.Equal($"HTTP/{(version.Major == 2 ? "2" : "1.1")}", await client.GetStringAsync(port.Url("https")));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_WithACertificateOfTheCa_IsServed(Version version)
    {
        await using var port = await StartAsync(asksForCertificates: true);
        using var client = _folder.Http(version, _folder.Issue("client"));
        Assert.StartsWith("HTTP/", await client.GetStringAsync(port.Url("https")), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_WithoutACertificate_IsToldSo_AndNotServed(Version version)
    {
        await using var port = await StartAsync(asksForCertificates: true);
        using var client = _folder.Http(version);
        await RefusedAsync(port, client, "it sent no certificate");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Client_OfAnotherCa_IsToldSo_AndNotServed(Version version)
    {
        await using var port = await StartAsync(asksForCertificates: true);
        using var client = _folder.Http(version, _folder.Issue("client", by: CertificateFolder.NewAuthority()));
        await RefusedAsync(port, client, "its certificate is not of the CA that is trusted here");
    }

    [Fact]
    public async Task Client_WhoseCertificateExpired_IsToldSo_AndNotServed()
    {
        await using var port = await StartAsync(asksForCertificates: true);
        using var client = _folder.Http(own: _folder.Issue("client", until: DateTimeOffset.UtcNow.AddMinutes(-1)));
        await RefusedAsync(port, client, "its certificate, or one above it, is out of its time");
    }

    [Fact]
    public async Task Client_WhoseCertificateIsForServersAlone_IsToldSo_AndNotServed()
    {
        await using var port = await StartAsync(asksForCertificates: true);
        using var client = _folder.Http(own: ForServersAlone());
        await RefusedAsync(port, client, "its certificate is not for this use");
    }

    [Fact]
    public async Task Server_OfAnotherCa_IsRefusedByItsClient()
    {
        await using var port = await StartAsync(asksForCertificates: false);
        using var client = _folder.Http(trusts: CertificateFolder.NewAuthority());
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(port.Url("https")));
        Assert.IsType<AuthenticationException>(failure.InnerException);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task ClearText_IsToldToUseTls_AndNotServed(Version version)
    {
        await using var port = await StartAsync(asksForCertificates: false);
        using var client = _folder.Http(version);
        using var answer = await client.PutAsync(port.Url("http"), new ByteArrayContent(new byte[300_000]));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.StartsWith(
            """{"error":"this port speaks TLS: use https://","code":"tls_required",""",
            await answer.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
        Assert.Equal(0, port.Requests);
        Assert.Equal(1, _log.Count("ClearTextOnTlsPort"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\u0001")]
    [InlineData("GE\u0000 /")]
    public async Task Noise_IsClosedWithoutAnAnswer(string noise)
    {
        await using var port = await StartAsync(asksForCertificates: false);
        await using var connection = await port.ConnectAsync();
        await connection.WriteAsync(Encoding.Latin1.GetBytes(noise));
        connection.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        Assert.Equal(0, await connection.ReadAsync(new byte[1]));
        Assert.Empty(_log.Lines);
    }

    /// <summary>It says nothing, or begins a handshake and stops there.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("\u0016")]
    [InlineData("\u0016\u0003\u0001\u0002\u0000\u0001")]
    public async Task SilentClient_IsCutOff(string begin)
    {
        var tls = Port(asksForCertificates: false, timeLimit: TimeSpan.FromMilliseconds(100));
        await using var port = await SecuredPort.StartAsync(tls.Use);
        await using var connection = await port.ConnectAsync();
        await connection.WriteAsync(Encoding.Latin1.GetBytes(begin));
        await SecuredPort.EndAsync(connection);
        await Until.TrueAsync("no handshake is under way", () => tls.HandshakesUnderWay == 0);
    }

    [Fact]
    public async Task SilentClients_ThatFillTheBound_GiveWayOnceTheyAreASecondOld()
    {
        var time = new ManualTime();
        var tls = Port(asksForCertificates: false, timeLimit: TimeSpan.FromMinutes(10), maxHandshakes: 2, time);
        await using var port = await SecuredPort.StartAsync(tls.Use);
        await using var oldest = await port.ConnectAsync();
        await Until.TrueAsync("the first is under way", () => tls.HandshakesUnderWay == 1);
        await using var second = await port.ConnectAsync();
        await Until.TrueAsync("both are under way", () => tls.HandshakesUnderWay == 2);

        // Both are young: the newcomer gives way.
        await using (var newcomer = await port.ConnectAsync())
        {
            await SecuredPort.EndAsync(newcomer);
        }

        Assert.Equal(2, tls.HandshakesUnderWay);
        time.Seconds(1);
        using var client = _folder.Http();
        Assert.Equal("HTTP/1.1", await client.GetStringAsync(port.Url("https")));
        await SecuredPort.EndAsync(oldest);
        Assert.Equal(1, tls.HandshakesUnderWay);
        Assert.Equal(1, _log.Count("HandshakesCut"));
    }

    [Fact]
    public async Task Handshake_Done_CountsNoLongerWhileItsConnectionIsOpen()
    {
        var tls = Port(asksForCertificates: false, maxHandshakes: 1);
        await using var port = await SecuredPort.StartAsync(tls.Use);
        using var first = _folder.Http();
        using var second = _folder.Http();
        await first.GetStringAsync(port.Url("https"));
        await second.GetStringAsync(port.Url("https"));
        await first.GetStringAsync(port.Url("https"));
        Assert.Equal(0, tls.HandshakesUnderWay);
    }

    [Fact]
    public async Task Stop_WhileAClientSaysNothing_DoesNotWaitForIt()
    {
        var tls = Port(asksForCertificates: false, timeLimit: TimeSpan.FromMinutes(10));
        var port = await SecuredPort.StartAsync(tls.Use);
        await using var silent = await port.ConnectAsync();
        await Until.TrueAsync("it is under way", () => tls.HandshakesUnderWay == 1);
        await port.DisposeAsync();
        await SecuredPort.EndAsync(silent);
        Assert.Equal(0, tls.HandshakesUnderWay);
    }

    [Fact]
    public async Task Certificate_Exchanged_IsThatOfTheNextConnection()
    {
        var time = new ManualTime { WallClock = DateTimeOffset.UtcNow };
        var identity = _folder.Identity(asksForCertificates: false, time: time, logger: _log);
        await using var port = await SecuredPort.StartAsync(new TlsPort(identity, "clients", _log, time).Use);
        using var open = _folder.Http();
        await open.GetStringAsync(port.Url("https"));

        var next = _folder.Issue();
        _folder.Write(next);
        time.Seconds(1);

        Assert.Equal(SerialNumber(next), await ServedAsync(port));
        Assert.Equal("HTTP/1.1", await open.GetStringAsync(port.Url("https")));
    }

    /// <summary>A session that could be taken up again would outlive its CA.</summary>
    [Fact]
    public async Task Ca_TakenOut_ItsClientsAreRefusedFromTheNextConnectionOn()
    {
        var time = new ManualTime { WallClock = DateTimeOffset.UtcNow };
        var identity = _folder.Identity(asksForCertificates: true, time: time, logger: _log);
        await using var port = await SecuredPort.StartAsync(new TlsPort(identity, "clients", _log, time).Use);
        var own = _folder.Issue("client");
        using (var before = _folder.Http(own: own))
        {
            await before.GetStringAsync(port.Url("https"));
        }

        File.WriteAllText(_folder.At("ca.crt"), CertificateFolder.NewAuthority().Files.Certificate);
        time.Seconds(1);

        using var after = _folder.Http(own: own);
        using var answer = await after.GetAsync(port.Url("https"));
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task TlsOnAClearPort_IsLoggedAndClosed_AndClearTextIsServed()
    {
        await using var port = await SecuredPort.StartAsync(new ClearPort("clients", "-cert", _log, TimeProvider.System).Use);
        using var client = _folder.Http();
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(port.Url("https")));
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(port.Url("https")));
        Assert.Equal("HTTP/1.1", await client.GetStringAsync(port.Url("http")));
        Assert.Equal(1, port.Requests);
        Assert.Contains("this member needs -cert", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SilentClientOfAClearPort_IsClosed_AndDoesNotHoldUpAStop()
    {
        var clear = new ClearPort("clients", "-cert", _log, TimeProvider.System) { SilenceLimit = TimeSpan.FromMilliseconds(100) };
        await using var port = await SecuredPort.StartAsync(clear.Use);
        await using var silent = await port.ConnectAsync();
        await SecuredPort.EndAsync(silent);
    }

    [Fact]
    public void Lines_OfOneKind_ComeEachTenSecondsWithTheNumberOfTheOthers()
    {
        var time = new ManualTime();
        var pace = new LogPace(time);
        Assert.True(pace.MaySpeak(out var silenced));
        Assert.False(pace.MaySpeak(out _));
        time.Seconds(9.9);
        Assert.False(pace.MaySpeak(out _));
        time.Seconds(0.1);
        Assert.True(pace.MaySpeak(out silenced));
        Assert.Equal(2, silenced);
        time.Seconds(10);
        Assert.True(pace.MaySpeak(out silenced));
        Assert.Equal(0, silenced);
    }

    private async Task RefusedAsync(SecuredPort port, HttpClient client, string reason)
    {
        using var answer = await client.GetAsync(port.Url("https"));
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Contains(reason, text, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"client_certificate\"", text, StringComparison.Ordinal);
        Assert.Equal(0, port.Requests);
        Assert.Contains(reason, Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    private Task<SecuredPort> StartAsync(bool asksForCertificates) => SecuredPort.StartAsync(Port(asksForCertificates).Use);

    private TlsPort Port(
        bool asksForCertificates, TimeSpan? timeLimit = null, int maxHandshakes = 100, TimeProvider? time = null) =>
        new(_folder.Identity(asksForCertificates), "clients", _log, time ?? TimeProvider.System)
        {
            HandshakeTimeLimit = timeLimit ?? TimeSpan.FromSeconds(30),
            MaxHandshakes = maxHandshakes,
        };

    /// <summary>The serial number of the certificate that the port shows.</summary>
    private async Task<string> ServedAsync(SecuredPort port)
    {
        await using var connection = await port.ConnectAsync();
        await using var tls = new System.Net.Security.SslStream(connection);
        await tls.AuthenticateAsClientAsync(_folder.Client());
        return tls.RemoteCertificate!.GetSerialNumberString();
    }

    private static string SerialNumber(PemPair pair)
    {
        using var certificate = X509Certificate2.CreateFromPem(pair.Certificate);
        return certificate.SerialNumber;
    }

    private PemPair ForServersAlone()
    {
        using var authority = X509Certificate2.CreateFromPem(_folder.Authority.Files.Certificate, _folder.Authority.Files.Key);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=server", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        using var certificate = request.Create(authority, new DateTimeOffset(authority.NotBefore), new DateTimeOffset(authority.NotAfter), [1, 2, 3]);
        return new PemPair(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
