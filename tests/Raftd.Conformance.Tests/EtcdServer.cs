using System.Diagnostics;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;
using Raftd.Testing.Processes;

namespace Raftd.Conformance.Tests;

/// <summary>The etcd of the machine's distribution, one member: what raftd is held against.</summary>
internal sealed class EtcdServer
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private EtcdServer(int port) => Address = $"127.0.0.1:{port}";

    /// <summary>Where clients reach it.</summary>
    public string Address { get; }

    /// <summary>False where it is not installed.</summary>
    public static bool IsInstalled => Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(static folder => File.Exists(Path.Combine(folder, "etcd")));

    public static async Task<EtcdServer> StartAsync(Scene scene)
    {
        var server = new EtcdServer(Ports.Free());
        var process = server.Start(scene, "http");
        using var http = new HttpClient { BaseAddress = new Uri($"http://{server.Address}") };
        await Until.TrueAsync("etcd answers", Limit, () => IsHealthyAsync(http, process));
        return server;
    }

    /// <summary>With TLS, of which it asks a certificate too; it may not answer yet.</summary>
    /// <param name="scene">Ends it.</param>
    /// <param name="certificates">A folder with ca.crt, server.crt and server.key.</param>
    public static EtcdServer StartSecured(Scene scene, string certificates)
    {
        var server = new EtcdServer(Ports.Free());
        server.Start(
            scene, "https", "--cert-file", $"{certificates}/server.crt", "--key-file", $"{certificates}/server.key",
            "--client-cert-auth", "--trusted-ca-file", $"{certificates}/ca.crt");
        return server;
    }

    private Process Start(Scene scene, string scheme, params string[] flags)
    {
        var peers = $"http://127.0.0.1:{Ports.Free()}";
        var clients = $"{scheme}://{Address}";
        return scene.StartLogged(
            scene.PathOf("etcd.log"),
            [
                "etcd", "--name", "peer", "--data-dir", scene.PathOf("etcd"), "--listen-client-urls", clients,
                "--advertise-client-urls", clients, "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers,
                "--initial-cluster", $"peer={peers}", "--log-level", "error", "--quota-backend-bytes", "8589934592", .. flags,
            ]);
    }

    private static async Task<bool> IsHealthyAsync(HttpClient http, Process process)
    {
        Assert.False(process.HasExited, "etcd ended at its start");
        try
        {
            using var answer = await http.GetAsync("/health");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
