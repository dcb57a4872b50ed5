using System.Net;
using System.Text.Json;
using Raftd.Testing;
using Raftd.Testing.Disks;
using Raftd.Testing.Tls;
using Raftd.Tls;

namespace Raftd.Cli.Tests;

/// <summary>Members whose clients and peers speak TLS, as their command lines make them.</summary>
public sealed class TlsClusterTests : IAsyncDisposable
{
    private readonly CertificateFolder _clients = new();
    private readonly CertificateFolder _peers = new();
    private readonly TemporaryDirectory _data = new();
    private readonly Stack<TlsMember> _members = new();

    public async ValueTask DisposeAsync()
    {
        while (_members.TryPop(out var member))
        {
            await member.DisposeAsync();
        }

        _data.Dispose();
        _clients.Dispose();
        _peers.Dispose();
    }

    [Fact]
    public async Task ThreeMembers_JoinedOverTls_ServeClientsOverBothProtocolsAndNameHttpsUrls()
    {
        var first = Start("n1", TlsFlags("n1"));
        using var client = _clients.Http(HttpVersion.Version20, _clients.Issue("client"));
        await ReadyAsync(first, client);
        var second = Start("n2", $"{TlsFlags("n2")} -join {first.Address}");

        // As etcd's flags have it: through the peers' own port, with the certificates of peers.
        var third = Start("n3", $"{TlsFlags("n3")} -initial-cluster n1=https://{first.PeerAddress},n3=https://127.0.0.1:1");
        await ReadyAsync(second, client);
        await ReadyAsync(third, client);

        using var put = await client.PutAsync(new Uri(third.Url, "/key/a"), new StringContent("over TLS"));
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        using var http1 = _clients.Http(HttpVersion.Version11, _clients.Issue("client"));
        Assert.Equal("over TLS", await http1.GetStringAsync(new Uri(second.Url, "/key/a")));

        var members = await JsonAsync(client, third, "/members");
        Assert.Equal(3, members.GetProperty("members").GetArrayLength());
        Assert.All(members.GetProperty("members").EnumerateArray(), member => Assert.Equal(
            $"https://{member.GetProperty("http_addr").GetString()}", member.GetProperty("url").GetString()));
        var leader = (await JsonAsync(client, third, "/status")).GetProperty("leader_url").GetString()!;
        Assert.StartsWith("https://", leader, StringComparison.Ordinal);
        await RedirectsToAsync(leader, client);

        using var stranger = _clients.Http();
        using var refused = await stranger.GetAsync(new Uri(second.Url, "/key/a"));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    [Fact]
    public async Task Certificate_ExchangedWhileTheMemberRuns_IsServedToTheNextConnection()
    {
        var member = Start("n1", ClientFlags("n1"));
        using var client = _clients.Http(own: _clients.Issue("client"));
        await ReadyAsync(member, client);

        _clients.Write(_clients.Issue("exchanged"), "n1");

        await Until.TrueAsync("the new certificate is served", async () => await SubjectAsync(member) == "CN=exchanged");
        await Until.TrueAsync("the log says so", () => member.Log.Contains("CertificateRead(1400)", StringComparison.Ordinal));
        using var later = await client.GetAsync(new Uri(member.Url, "/livez"));
        Assert.Equal(HttpStatusCode.OK, later.StatusCode);
    }

    [Fact]
    public async Task MemberInClearText_ThatJoinsAClusterWithTls_EndsAndSaysWhatItLacks()
    {
        var first = Start("n1", ClientFlags("n1"));
        using var client = _clients.Http(own: _clients.Issue("client"));
        await ReadyAsync(first, client);

        var refused = await Assert.ThrowsAsync<FatalException>(() => Start("n2", $"-join {first.Address}").Ended);

        Assert.Equal(ExitCode.JoinRefused, refused.Error.Code);
        Assert.Contains($"{first.Address} speaks TLS, and this member does not", refused.Error.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MemberThatJoins_WhoseJoinCaIsNotThatOfTheMembers_SaysWhyItCannot()
    {
        var first = Start("n1", ClientFlags("n1"));
        using var client = _clients.Http(own: _clients.Issue("client"));
        await ReadyAsync(first, client);

        var second = Start("n2", $"{ClientFlags("n2")} -join-ca {_peers.At("ca.crt")} -join {first.Address}");

        await Until.TrueAsync("the log says why", () => second.Log.Contains(
            "TLS to 127.0.0.1 failed: its certificate is not of the CA that is trusted here", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Files_ThatDoNotFit_EndTheStartAsAWrongSettingDoes()
    {
        _clients.Write(_clients.Issue(), "n1");
        File.WriteAllText(_clients.At("n1.key"), _clients.Issue().Key);
        var settings = Given.Settings($"-cert {_clients.At("n1.crt")} -key {_clients.At("n1.key")} d");

        var failure = await Assert.ThrowsAsync<TlsFilesException>(() => Start("n1", $"-cert {_clients.At("n1.crt")} -key {_clients.At("n1.key")}").Ended);

        var error = FatalError.From(failure, settings);
        Assert.Equal(ExitCode.Usage, error.Code);
        Assert.StartsWith($"raftd: -key {_clients.At("n1.key")}: does not fit -cert {_clients.At("n1.crt")}: ", error.Line, StringComparison.Ordinal);
    }

    private TlsMember Start(string label, string flags)
    {
        var member = TlsMember.Start(label, flags, _data.At(label));
        _members.Push(member);
        return member;
    }

    private string ClientFlags(string name)
    {
        _clients.Write(_clients.Issue(name), name);
        return $"-cert {_clients.At(name + ".crt")} -key {_clients.At(name + ".key")} -client-ca {_clients.At("ca.crt")}";
    }

    private string TlsFlags(string name)
    {
        _peers.Write(_peers.Issue(name), name);
        return $"{ClientFlags(name)} -peer-cert {_peers.At(name + ".crt")} -peer-key {_peers.At(name + ".key")} -peer-ca {_peers.At("ca.crt")}";
    }

    private static Task ReadyAsync(TlsMember member, HttpClient client) => Until.TrueAsync("the member is ready", async () =>
    {
        Assert.False(member.Ended.IsCompleted, member.Log);
        using var answer = await client.GetAsync(new Uri(member.Url, "/readyz"));
        return answer.StatusCode == HttpStatusCode.OK;
    });

    private async Task RedirectsToAsync(string leader, HttpClient client)
    {
        var follower = _members.First(member => member.Url != new Uri(leader));
        using var answer = await client.GetAsync(new Uri(follower.Url, "/key/a?redirect=1"));
        Assert.Equal($"{leader}/key/a?redirect=1", answer.Headers.Location?.OriginalString);
    }

    private static async Task<JsonElement> JsonAsync(HttpClient client, TlsMember member, string path) =>
        JsonDocument.Parse(await client.GetStringAsync(new Uri(member.Url, path))).RootElement;

    private async Task<string?> SubjectAsync(TlsMember member)
    {
        using var connection = new System.Net.Sockets.TcpClient();
        await connection.ConnectAsync(IPEndPoint.Parse(member.Address));
        await using var tls = new System.Net.Security.SslStream(connection.GetStream());
        await tls.AuthenticateAsClientAsync(_clients.Client());
        return tls.RemoteCertificate?.Subject;
    }
}
