using System.Net;
using System.Net.Sockets;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests;

/// <summary>Starts that cannot work. Each ends with its own exit code and a line that says what to do.</summary>
public sealed class StartFaultTests : ClusterTest
{
    private const int Usage = 2;
    private const int DataDirectoryUnusable = 10;
    private const int DataDirectoryLocked = 11;
    private const int AddressInUse = 12;
    private const int IdentityRefused = 13;

    [Fact]
    public async Task Start_ClientPortInUse_IsRefused()
    {
        var member = Scene.AddMember("node01");
        using var other = new TcpListener(IPAddress.Loopback, member.HttpPort);
        other.Start();
        await EndsAsync(member, AddressInUse, $"-haddr.*{member.HttpPort}.*: ");
    }

    [Fact]
    public async Task Start_PeerPortInUse_IsRefused()
    {
        var member = Scene.AddMember("node01");
        using var other = new TcpListener(IPAddress.Loopback, member.RaftPort);
        other.Start();
        await EndsAsync(member, AddressInUse, $"{member.RaftPort}.*-raddr");
    }

    [Fact]
    public async Task Start_DataDirectoryOfARunningMember_IsRefused()
    {
        var cluster = await TestCluster.StartAsync(Scene, 1);
        var second = Scene.AddMember(new Member(Scene, "node02", TestCluster.SmallFiles, cluster[0].DataDirectory));
        await EndsAsync(second, DataDirectoryLocked, cluster[0].DataDirectory);
        Assert.Equal(200, (await cluster[0].PutAsync("/key/k", "v")).Status);

        // It does not wait for the other: the moment the first one is gone, its own second start works.
        await cluster[0].KillAsync();
        await cluster[0].Start().ReadyAsync();
        Assert.Equal("v", (await cluster[0].GetAsync("/key/k")).Text);

        // And under another label it is refused, with the directory as it was.
        await cluster[0].StopAsync();
        await EndsAsync(second, IdentityRefused, "belongs to member node01");
        await cluster[0].Start().ReadyAsync();
    }

    [Fact]
    public async Task Start_DataDirectoryIsAFile_IsRefused()
    {
        await File.WriteAllTextAsync(Scene.PathOf("node01"), "no directory", TestContext.Current.CancellationToken);
        await EndsAsync(Scene.AddMember("node01"), DataDirectoryUnusable, Scene.PathOf("node01"));
        Assert.Equal("no directory", await File.ReadAllTextAsync(Scene.PathOf("node01"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Start_DataDirectoryUnderAFile_IsRefused()
    {
        await File.WriteAllTextAsync(Scene.PathOf("file"), "no directory", TestContext.Current.CancellationToken);
        var member = Scene.AddMember(new Member(Scene, "node01", [], Scene.PathOf("file/deep/er")));
        await EndsAsync(member, DataDirectoryUnusable, "file/deep");
    }

    [Fact]
    public async Task MissingParents_AreMade_AndOnlyTheirOwnerMayLookInside()
    {
        var member = Scene.AddMember(new Member(Scene, "node01", [], Scene.PathOf("a/b/c")));
        await member.Start().ReadyAsync();
        Assert.Equal("700", (await Scene.ShellAsync($"stat -c %a {member.DataDirectory}")).Output.TrimEnd());
        Assert.Equal("", (await Scene.ShellAsync($"find {member.DataDirectory} -type f ! -perm 600")).Output);
        Assert.Equal("", (await Scene.ShellAsync($"find {member.DataDirectory} -type d ! -perm 700")).Output);
    }

    [Fact]
    public async Task Start_ReadOnlyDataDirectory_IsRefused()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, to mount a folder read-only");
        var member = Scene.AddMember("node01");
        Directory.CreateDirectory(member.DataDirectory);
        var mount = await Scene.ShellAsync($"mount -t tmpfs -o ro,size=1m tmpfs {member.DataDirectory}");
        Assert.SkipUnless(mount.Code == 0, $"this machine does not let a test mount: {mount.Error.Trim()}");
        Scene.OnEnd(() => Scene.ShellAsync($"umount {member.DataDirectory}"));
        await EndsAsync(member, DataDirectoryUnusable, member.DataDirectory);
    }

    [Fact]
    public async Task Start_WrongFlags_IsRefused()
    {
        var member = Scene.AddMember("node01", "-wal-segment-bytes", "12");
        await EndsAsync(member, Usage, "-wal-segment-bytes 12");
        member.Flags = ["-nonsense"];
        await EndsAsync(member, Usage, "nonsense");
        member.Flags = ["-election-timeout", "100ms", "-heartbeat-interval", "100ms"];
        await EndsAsync(member, Usage, "-election-timeout");
        Assert.False(Directory.Exists(member.DataDirectory));
    }

    [Fact]
    public async Task Join_NoMemberThere_KeepsTryingSaysWhyAndEndsWhenTold()
    {
        var member = Scene.AddMember("node02");
        member.Join = $"127.0.0.1:{Ports.Free()}";
        member.Start();
        await Until.TrueAsync("it has tried twice and said why", TimeSpan.FromSeconds(30), () =>
            member.Log.Split($"cannot join through {member.Join}: Connection refused").Length > 2);
        var readyz = await member.GetAsync("/readyz");
        Assert.Equal(503, readyz.Status);
        Assert.Contains("joining", readyz.Text, StringComparison.Ordinal);
        Assert.Equal((503, "not_ready"), await StatusAndCodeAsync(member));
        Assert.Equal(0, await member.StopAsync());
    }

    [Fact]
    public async Task Join_ToSomethingElse_KeepsTryingAndSaysWhy()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var answering = AnswerGarbageAsync(other);
        var member = Scene.AddMember("node02");
        member.Join = other.LocalEndpoint.ToString();
        member.Start();
        await Until.TrueAsync("it has tried each of them", TimeSpan.FromSeconds(40), () =>
            member.Log.Split($"cannot join through {member.Join}: ").Length > 4);
        Assert.Equal(0, await member.StopAsync());
        other.Stop();
        await answering;
    }

    [Fact]
    public async Task Join_StartedBeforeTheCluster_SucceedsOnceItIsThere()
    {
        var first = Scene.AddMember("node01", TestCluster.SmallFiles);
        var second = Scene.AddMember("node02", TestCluster.SmallFiles);
        second.Join = first.Address;
        second.Start();
        await Until.TrueAsync("it tries", TimeSpan.FromSeconds(30), () => second.Log.Contains("cannot join", StringComparison.Ordinal));
        await first.Start().ReadyAsync();
        await second.ReadyAsync();
        Assert.Equal(200, (await second.PutAsync("/key/k", "v")).Status);
    }

    private static async Task<(int, string?)> StatusAndCodeAsync(Member member)
    {
        var answer = await member.GetAsync("/key/k");
        return (answer.Status, answer.Code);
    }

    /// <summary>Web servers without a clue, then one that sends noise, then one that hangs up.</summary>
    private static async Task AnswerGarbageAsync(TcpListener listener)
    {
        string[] answers = ["HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"hello\": 1}", "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nno!", "\u0001\u0002 noise\r\n\r\n", ""];
        for (var turn = 0; ; turn++)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
                _ = await client.GetStream().ReadAtLeastAsync(new byte[4096], 1, throwOnEndOfStream: false, TestContext.Current.CancellationToken);
                await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(answers[turn % answers.Length]), TestContext.Current.CancellationToken);
            }
            catch (Exception over) when (over is SocketException or IOException or InvalidOperationException)
            {
                // A listener that is stopped while it waits is disposed of, one that is stopped between two calls is "not listening":
                // an InvalidOperationException as well.
                if (!listener.Server.IsBound)
                {
                    return;
                }
            }
        }
    }

    private static async Task EndsAsync(Member member, int code, string line)
    {
        member.Start();
        Assert.Equal(code, await member.EndAsync());
        Assert.Matches("^raftd: .*" + line, member.LastLine);
    }
}
