using Microsoft.Extensions.Logging;
using Raftd.Api.Http;
using Raftd.Cli.Settings;

namespace Raftd.Cli.Tests;

public sealed class ServerSettingsTests
{
    [Fact]
    public void Default_IsValid_AndIsWhatTheTableSays()
    {
        var settings = Given.Settings("/data");

        Assert.Equal("the-host", settings.Id);
        Assert.Equal(new HostPort("127.0.0.1", 7200), settings.HttpAddress);
        Assert.Equal(new HostPort("127.0.0.1", 8200), settings.RaftAddress);
        Assert.Empty(settings.Join);
        Assert.Null(settings.Bind);
        Assert.Null(settings.AdvertiseHttpAddress);
        Assert.Null(settings.AdvertiseRaftAddress);
        Assert.Empty(settings.AllowedHosts);
        Assert.False(settings.ClientTls.IsOn);
        Assert.False(settings.PeerTls.IsOn);
        Assert.Null(settings.JoinAuthority);
        Assert.False(settings.Redirect);
        Assert.Equal(32L << 20, settings.MaxValueBytes);
        Assert.Equal(256L << 20, settings.CacheBytes);
        Assert.Equal(TimeSpan.FromSeconds(5), settings.RequestTimeout);
        Assert.Equal(TimeSpan.FromSeconds(1), settings.ElectionTimeout);
        Assert.Equal(TimeSpan.FromMilliseconds(100), settings.HeartbeatInterval);
        Assert.Equal(8L << 30, settings.QuotaBytes);
        Assert.Equal(100_000, settings.MaxLeaseKeys);
        Assert.Equal(64L << 20, settings.WalSegmentBytes);
        Assert.Equal(128L << 20, settings.WalRetentionBytes);
        Assert.Null(settings.MaxPinnedLogBytes);
        Assert.Equal(TimeSpan.FromMilliseconds(100), settings.FlushInterval);
        Assert.Equal(16L << 20, settings.FlushBytes);
        Assert.Equal(LogFormat.Text, settings.LogFormat);
        Assert.Equal(LogLevel.Information, settings.LogLevel);
        Assert.Equal("/data", settings.DataDirectory);
    }

    [Theory]
    [InlineData("-bind 0 d")]
    [InlineData("-bind 1023 d")]
    [InlineData("-heartbeat-interval 10ms -election-timeout 50ms d")]
    [InlineData("-cache-bytes 0 -wal-retention-bytes 0 d")]
    [InlineData("-max-value-bytes 1KiB -quota-bytes 16MiB -wal-segment-bytes 2MiB d")]
    [InlineData("-haddr 10.0.0.1:7000 -raddr 10.0.0.2:7000 d")]
    [InlineData("-max-pinned-log-bytes 64KiB d")]
    [InlineData("-max-pinned-log-bytes 1TiB d")]
    [InlineData("-max-lease-keys 1 d")]
    [InlineData("-max-lease-keys 1000000 d")]
    [InlineData("-log-level none d")]
    [InlineData("-haddr http://10.0.0.1:2379/ -raddr http://[::1]:2380 d")]
    [InlineData("-haddr https://10.0.0.1:2379 -cert c -key k d")]
    [InlineData("--name a --initial-cluster a=http://10.0.0.1:1,b=http://10.0.0.2:1 --initial-cluster-token t d")]
    [InlineData("--name a --initial-cluster a=http://10.0.0.1:1,b=http://10.0.0.2:1 --initial-cluster-state existing d")]
    [InlineData("--name a --initial-cluster a=http://10.0.0.1:1 --initial-cluster-state new d")]
    [InlineData("-cert c -key k d")]
    [InlineData("-cert c -key k -client-ca a -client-cert-auth -join-ca j d")]
    [InlineData("-peer-cert c -peer-key k -peer-ca a -peer-client-cert-auth d")]
    public void Setting_AtItsBound_IsValid(string line) => Assert.Empty(Given.Problems(line));

    [Theory]
    [InlineData("-haddr https://10.0.0.1:1 d", "-haddr https://10.0.0.1:1: needs -cert beside it")]
    [InlineData("-raddr http://h:1 -peer-cert c -peer-key k -peer-ca a d", "-raddr http://h:1: contradicts -peer-cert, with which it is https")]
    [InlineData("-join https://h:1 d", "-join https://h:1: needs -cert beside it")]
    [InlineData("-id a -initial-cluster a=https://h:1 d", "-initial-cluster https://h:1: needs -peer-cert beside it")]
    [InlineData("-id a -initial-cluster b=http://h:1,c=http://h:2 d", "-initial-cluster b,c: does not name this member, a (-id)")]
    [InlineData("-id a -initial-cluster a=http://h:1 -join h:2 d", "-initial-cluster: contradicts -join; one of them is enough")]
    [InlineData("-id a -initial-cluster a=http://h:1 -initial-cluster-state existing d", "-initial-cluster: names no other member")]
    [InlineData("-initial-cluster-state existing d", "-initial-cluster-state existing: needs -initial-cluster beside it")]
    [InlineData("-initial-cluster-state old d", "expected new or existing")]
    [InlineData("-id a -initial-cluster a=http://h:1,a=http://h:2 d", "for each member once")]
    [InlineData("-id a -initial-cluster http://h:1 d", "expected name=url")]
    [InlineData("-id a -initial-cluster a=http://:1 d", "expected name=url")]
    [InlineData("-haddr http://h:1,http://h:2 d", "expected one host:port")]
    public void FlagOfEtcd_ThatDoesNotFit_SaysWhy(string line, string problem) =>
        Assert.Contains(Given.Problems(line), said => said.Contains(problem, StringComparison.Ordinal));

    /// <summary>The same lines on all members, in any order: one founds, and it is the same one on each of them.</summary>
    [Theory]
    [InlineData("a", false, "")]
    [InlineData("b", false, "h:1 h:3")]
    [InlineData("c", false, "h:1 h:2")]
    [InlineData("a", true, "h:2 h:3")]
    public void InitialCluster_FoundedByTheFirstName_JoinedByTheOthers(string self, bool exists, string joined)
    {
        Assert.True(InitialCluster.TryParse("c=http://h:3, a=http://h:1,b=h:2", out var cluster));
        Assert.Equal(joined, string.Join(' ', cluster!.JoinedBy(self, exists)));
    }

    [Theory]
    [InlineData("", "a data directory is missing, as in 'raftd -id node01 ~/.raftd01'")]
    [InlineData("-bind 1024 d", "-bind 1024: must be 0 to 1023")]
    [InlineData("-bind -1 d", "-bind -1: must be 0 to 1023")]
    [InlineData("-bind x d", "-bind 'x': expected a number from 0 to 1023")]
    [InlineData("-haddr 8001 d", "-haddr '8001': expected one host:port, such as 127.0.0.1:8001, [::1]:8001 or :8001")]
    [InlineData("-haddr :8200 d", "-raddr 127.0.0.1:8200: must differ from -haddr :8200")]
    [InlineData("-haddr 127.0.0.1:8200 d", "-raddr 127.0.0.1:8200: must differ from -haddr 127.0.0.1:8200")]
    [InlineData("-advertise-haddr :7200 d", "-advertise-haddr :7200: must name one host, for others to connect to")]
    [InlineData("-join :1 d", "-join :1: each address needs a host")]
    [InlineData("-join ftp://a:1 d", "-join 'ftp://a:1': expected one host:port, such as 127.0.0.1:8001, [::1]:8001 or :8001")]
    [InlineData(
        "-allowed-hosts http://a d",
        "-allowed-hosts 'http://a': wanted are host names without port, as in db.example.org,*.example.org, or *; addresses need no entry")]
    [InlineData("-cert c d", "-cert c: needs -key beside it")]
    [InlineData("-key k d", "-key k: needs -cert beside it")]
    [InlineData("-client-ca a d", "-client-ca a: needs -cert beside it")]
    [InlineData("-join-ca a d", "-join-ca a: needs -cert beside it")]
    [InlineData("-client-cert-auth d", "-client-cert-auth: needs -client-ca beside it")]
    [InlineData(
        "-cert c -key k -client-ca a -client-cert-auth=false d",
        "-client-cert-auth false: contradicts -client-ca, which asks for certificates")]
    [InlineData("-peer-cert c -peer-key k d", "-peer-cert c: needs -peer-ca beside it")]
    [InlineData("-peer-cert c -peer-ca a d", "-peer-cert c: needs -peer-key beside it")]
    [InlineData("-peer-key k d", "-peer-key k: needs -peer-cert beside it")]
    [InlineData("-peer-ca a d", "-peer-ca a: needs -peer-cert beside it")]
    [InlineData("-peer-client-cert-auth d", "-peer-client-cert-auth: needs -peer-ca beside it")]
    [InlineData("-redirect=maybe d", null)]
    [InlineData("-max-value-bytes 1023 d", "-max-value-bytes 1023: must be 1KiB to 60MiB")]
    [InlineData("-max-value-bytes 1GB d", "-max-value-bytes '1GB': expected a size, such as 4096, 64KiB, 32MiB or 8GiB")]
    [InlineData("-quota-bytes 15MiB -max-value-bytes 1MiB d", "-quota-bytes 15MiB: must be 16MiB to 1TiB")]
    [InlineData("-quota-bytes 16MiB d", "-quota-bytes 16MiB: must be at least -max-value-bytes, 32MiB")]
    [InlineData("-max-lease-keys 0 d", "-max-lease-keys 0: must be 1 to 1000000")]
    [InlineData("-max-lease-keys 1000001 d", "-max-lease-keys 1000001: must be 1 to 1000000")]
    [InlineData("-max-lease-keys many d", "-max-lease-keys 'many': expected a number from 1 to 1000000")]
    [InlineData("-wal-segment-bytes 2GiB d", "-wal-segment-bytes 2GiB: must be 64KiB to 1GiB")]
    [InlineData("-max-pinned-log-bytes 0 d", "-max-pinned-log-bytes 0: must be 64KiB to 1TiB")]
    [InlineData("-max-pinned-log-bytes all d", "-max-pinned-log-bytes 'all': expected a size, such as 4096, 64KiB, 32MiB or 8GiB")]
    [InlineData("-flush-bytes 1 d", "-flush-bytes 1: must be 64KiB to 1GiB")]
    [InlineData("-request-timeout 5 d", "-request-timeout '5': expected a duration with its unit, such as 500ms, 10s or 1m")]
    [InlineData("-request-timeout 11m d", "-request-timeout 11m: must be 100ms to 10m")]
    [InlineData("-flush-interval 0ms d", "-flush-interval 0s: must be 1ms to 10s")]
    [InlineData("-election-timeout 400ms d", "-election-timeout 400ms: must be at least 5 x -heartbeat-interval, 500ms")]
    [InlineData("-log-format xml d", "-log-format 'xml': expected text or json")]
    [InlineData("-log-level loud d", "-log-level 'loud': expected trace, debug, info, warn, error or none")]
    public void OutsideTheBound_IsOneProblem_WithFlagValueAndBound(string line, string? problem)
    {
        if (problem is null)
        {
            Assert.NotNull(CommandLine.Parse(Given.Words(line)).Error);
            return;
        }

        Assert.Equal([problem], Given.Problems(line));
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("a b", false)]
    [InlineData("a\u0007", false)]
    [InlineData("knoten-ä", true)]
    public void Id_UnprintableCharacter_IsRefused(string id, bool valid) =>
        Assert.Equal(valid, (Given.Settings("d") with { Id = id }).Validate().Count == 0);

    [Theory]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public void Id_TooManyBytes_IsRefused(int bytes, bool valid) =>
        Assert.Equal(valid, (Given.Settings("d") with { Id = new string('x', bytes) }).Validate().Count == 0);

    [Fact]
    public void AllowedHosts_ListedByComma_AreRead()
    {
        var hosts = Given.Settings("-allowed-hosts db.example.org,*.lb.example.org d").AllowedHosts;
        Assert.Equal([new HostPattern("db.example.org", IsSuffix: false), new HostPattern("lb.example.org", IsSuffix: true)], hosts);
        Assert.True(Assert.Single(Given.Settings("-allowed-hosts * d").AllowedHosts).IsEvery);
    }

    [Fact]
    public void Settings_SeveralProblems_AreAllTold()
    {
        var problems = Given.Problems("-haddr x -bind 5000 -request-timeout 1ms");

        Assert.Equal(4, problems.Count);
    }

    [Fact]
    public void Problem_FromTheEnvironment_NamesItsVariable()
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["RAFTD_HADDR"] = "nowhere" };

        var (_, problems) = SettingsReader.Read(Given.Sources("d", environment));

        Assert.StartsWith("-haddr 'nowhere' (RAFTD_HADDR): ", Assert.Single(problems), StringComparison.Ordinal);
    }
}
