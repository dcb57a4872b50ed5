using System.Diagnostics;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests;

/// <summary>The programs of examples/, run as a user runs them, against real members.</summary>
public sealed class ServiceDiscoveryTests : ClusterTest
{
    private const string CSharp = "csharp";
    private const string JavaScript = "javascript";
    private const string Prefix = "/test/";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public override ValueTask InitializeAsync()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        Assert.SkipUnless(folders.Any(folder => File.Exists(Path.Combine(folder, "node"))), "needs Node.js: apt-get install nodejs");
        return base.InitializeAsync();
    }

    [Theory]
    [InlineData(CSharp, JavaScript)]
    [InlineData(JavaScript, CSharp)]
    public async Task TwoServices_OneToldToEndAndOneKilled_GoAtOnceAndAfterTheTtl(string toldLanguage, string killedLanguage)
    {
        var ttl = TimeSpan.FromSeconds(6);
        var cluster = await TestCluster.StartAsync(Scene, 3);
        var told = Register(toldLanguage, "told", weight: 1, ttl, cluster.Members);
        var killed = Register(killedLanguage, "killed", weight: 3, ttl, cluster.Members);
        await AreListedAsync(cluster[2], "killed", "told");
        await RegisterIdleAsync(cluster[1]);

        foreach (var language in (string[])[CSharp, JavaScript])
        {
            var picked = await PickAsync(language, cluster.Members, Prefix);
            Assert.Equal(0, picked.Code);
            Assert.Equal("killed:80 300, told:80 100", Shares(picked.Output));
            Assert.Equal(1, (await PickAsync(language, cluster.Members, "/no-such/")).Code);
        }

        // Between two renewals at the latest: two thirds of the TTL are left, so it was revoked and did not run out.
        var started = Stopwatch.GetTimestamp();
        Signals.Send(told.Id, Signal.Terminate);
        await AreListedAsync(cluster[2], "idle", "killed");
        var life = Stopwatch.GetElapsedTime(started);
        Print($"a service in {toldLanguage} was gone {life.TotalMilliseconds:0} ms after SIGTERM, TTL {ttl.TotalSeconds} s");
        Assert.InRange(life, TimeSpan.Zero, ttl / 2);
        await Until.TrueAsync("the service has ended", Limit, () => told.HasExited);
        Assert.Equal(0, told.ExitCode);

        started = Stopwatch.GetTimestamp();
        Signals.Send(killed.Id, Signal.Kill);
        await AreListedAsync(cluster[2], "idle");
        life = Stopwatch.GetElapsedTime(started);
        Print($"a service in {killedLanguage} was gone {life.TotalSeconds:0.0} s after kill -9, TTL {ttl.TotalSeconds} s");
        Assert.InRange(life, (ttl * 2 / 3) - TimeSpan.FromSeconds(0.5), ttl + TimeSpan.FromSeconds(0.5 + 2));
    }

    /// <summary>The leader, on top of it: no lease can be renewed until there is another.</summary>
    [Fact]
    public async Task MemberTheyTalkToKilledAndRestarted_ServicesGoOnThroughAnother_WithTheSameLease()
    {
        var ttl = TimeSpan.FromSeconds(5);
        var cluster = await TestCluster.StartAsync(Scene, 3);
        var first = await cluster.LeaderAsync();
        var others = cluster.Except(first).ToArray();
        Register(CSharp, "one", weight: 1, ttl, [first, .. others]);
        Register(JavaScript, "two", weight: 1, ttl, [first, .. others]);
        await AreListedAsync(others[0], "one", "two");
        var leases = await ListAsync(others[0]);

        await first.KillAsync();
        await StaysAsync(2 * ttl, others[0], leases);
        await first.Start().ReadyAsync();
        await others[0].KillAsync();
        await StaysAsync(2 * ttl, first, leases);
    }

    [Fact]
    public async Task PausedForLongerThanTheirTtl_ServicesAreListedAgain_WithAnotherLease()
    {
        var ttl = TimeSpan.FromSeconds(3);
        var cluster = await TestCluster.StartAsync(Scene, 3);
        Process[] services =
        [
            Register(CSharp, "one", weight: 1, ttl, cluster.Members),
            Register(JavaScript, "two", weight: 1, ttl, cluster.Members),
        ];
        await AreListedAsync(cluster[0], "one", "two");
        var before = await ListAsync(cluster[0]);

        Send(Signal.Stop);
        await AreListedAsync(cluster[0]);
        Send(Signal.Continue);
        await AreListedAsync(cluster[0], "one", "two");
        Assert.Empty((await ListAsync(cluster[0])).Intersect(before));

        void Send(Signal signal)
        {
            foreach (var service in services)
            {
                Signals.Send(service.Id, signal);
            }
        }
    }

    [Fact]
    public async Task Documentation_OfEachLanguage_HasTheLoopsThatAreTested()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "docs/service-discovery.md"), TestContext.Current.CancellationToken);
        Assert.Contains(RestPage.FirstLoop + "\n", page, StringComparison.Ordinal);
        Assert.Contains(RestPage.SecondLoop + "\n", page, StringComparison.Ordinal);
        Assert.Contains(RestPage.List + "\n", page, StringComparison.Ordinal);
    }

    private Process Register(string language, string name, int weight, TimeSpan ttl, IEnumerable<Member> members) => Scene.StartLogged(
        Scene.PathOf(name + ".log"),
        [
            .. Command(language, "register"), Addresses(members), Prefix + name,
            $$"""{"http_addr":"{{name}}:80","weight":{{weight}}}""", $"{ttl.TotalSeconds}",
        ]);

    /// <summary>Weight 0: alive, and not to be picked.</summary>
    private static async Task RegisterIdleAsync(Member member)
    {
        var id = (await member.PostAsync($"/lease/grant?ttl=600&name={Prefix}idle")).Text;
        var data = """{"http_addr":"idle:80","weight":0}""";
        Assert.Equal(200, (await member.PostAsync($"/lease/keepalive/{id}", ("key", "nodeinfo"), ("data", data))).Status);
    }

    private Task<ShellResult> PickAsync(string language, IEnumerable<Member> members, string prefix) =>
        Scene.ShellAsync(string.Join(' ', [.. Command(language, "pick"), Addresses(members), prefix, "400", "--even"]));

    /// <summary>How often each line is there.</summary>
    private static string Shares(string lines) => string.Join(", ", lines.TrimEnd().Split('\n')
        .GroupBy(line => line, StringComparer.Ordinal)
        .OrderBy(group => group.Key, StringComparer.Ordinal)
        .Select(group => $"{group.Key} {group.Count()}"));

    private static string[] Command(string language, string verb) => language == CSharp
        ? ["dotnet", Path.Combine(AppContext.BaseDirectory, "ServiceDiscovery.dll"), verb]
        : ["node", $"docs/examples/javascript/{verb}.mjs"];

    private static string Addresses(IEnumerable<Member> members) => string.Join(',', members.Select(member => member.Address));

    private static Task AreListedAsync(Member member, params string[] names) => Until.TrueAsync(
        $"listed: {string.Join(", ", names)}",
        Limit,
        async () => (await ListAsync(member)).Select(service => service.Name)
            .SequenceEqual(names.Select(name => Prefix + name), StringComparer.Ordinal));

    /// <summary>Listed with the same leases, whenever there is a leader to ask.</summary>
    private static async Task StaysAsync(TimeSpan time, Member member, (string Name, string Lease)[] services)
    {
        var started = Stopwatch.GetTimestamp();
        var answers = 0;
        while (Stopwatch.GetElapsedTime(started) < time || answers == 0)
        {
            var answer = await member.GetAsync($"/lease/kv/nodeinfo?prefix={Prefix}&full=1");
            if (answer.Status == 200)
            {
                answers++;
                Assert.Equal(services, ServicesIn(answer));
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private static async Task<(string Name, string Lease)[]> ListAsync(Member member)
    {
        var answer = await member.GetAsync($"/lease/kv/nodeinfo?prefix={Prefix}&full=1");
        return answer.Status == 200 ? ServicesIn(answer) : throw new HttpRequestException(answer.ToString());
    }

    private static (string Name, string Lease)[] ServicesIn(Answer answer) =>
        [.. answer.Json.EnumerateArray().Select(item => (item.GetProperty("name").GetString()!, item.GetProperty("lease").GetString()!))];
}
