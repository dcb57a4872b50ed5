using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Raftd.Cluster.Tests.Support;

namespace Raftd.Clients.Tests;

/// <summary>What `raftd cert` makes for a cluster: one CA for clients and one for peers, with the members' and a client's certificates.</summary>
internal sealed class MadeCertificates : IDisposable
{
    private const string ClientName = "client";

    private readonly Scene _scene;

    private MadeCertificates(Scene scene)
    {
        _scene = scene;
        Client = Connect();
    }

    /// <summary>Asks members, with the client's certificate.</summary>
    public HttpClient Client { get; }

    /// <summary>Where etcdctl, and the programs like it, find the client's certificate.</summary>
    public (string Name, string Value)[] Variables =>
    [
        ("ETCDCTL_CACERT", ClientFile("ca.crt")), ("ETCDCTL_CERT", ClientFile(ClientName + ".crt")), ("ETCDCTL_KEY", ClientFile(ClientName + ".key")),
    ];

    public static async Task<MadeCertificates> MakeAsync(Scene scene, int members)
    {
        var labels = Enumerable.Range(1, members).Select(static number => string.Create(CultureInfo.InvariantCulture, $"node{number:00}")).ToArray();
        var lines = labels.Append(ClientName).Select(name => $"./raftd cert -out {scene.PathOf("certs")} -name {name} 127.0.0.1 localhost")
            .Concat(labels.Select(name => $"./raftd cert -out {scene.PathOf("peer-certs")} -name {name} 127.0.0.1"));
        var made = await scene.ShellAsync("set -e\n" + string.Join('\n', lines));
        Assert.True(made.Code == 0, made.ToString());
        return new MadeCertificates(scene);
    }

    public string[] FlagsOf(string label) =>
    [
        "-cert", ClientFile(label + ".crt"), "-key", ClientFile(label + ".key"), "-client-ca", ClientFile("ca.crt"),
        "-peer-cert", PeerFile(label + ".crt"), "-peer-key", PeerFile(label + ".key"), "-peer-ca", PeerFile("ca.crt"),
    ];

    public void Dispose() => Client.Dispose();

    private HttpClient Connect()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificateFromFile(ClientFile("ca.crt")));
        var options = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = policy,
            ClientCertificates = [X509Certificate2.CreateFromPemFile(ClientFile(ClientName + ".crt"), ClientFile(ClientName + ".key"))],
        };
        return new HttpClient(new SocketsHttpHandler { SslOptions = options, AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private string ClientFile(string name) => Path.Combine(_scene.PathOf("certs"), name);

    private string PeerFile(string name) => Path.Combine(_scene.PathOf("peer-certs"), name);
}
