using System.Globalization;
using Raftd.Testing;

namespace Raftd.Cluster.Tests.Support;

/// <summary>Members of one cluster, started one after the other; or the fronts of a database.</summary>
internal sealed class TestCluster(Scene scene)
{
    /// <summary>Small files: starting, filling and copying a cluster is then a matter of moments.</summary>
    public static readonly string[] SmallFiles = ["-max-value-bytes", "4MiB", "-wal-segment-bytes", "8MiB", "-wal-retention-bytes", "64MiB"];

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public List<Member> Members { get; } = [];

    public Member this[int index] => Members[index];

    public static Task<TestCluster> StartAsync(Scene scene, int count, params string[] flags) =>
        StartAsync(scene, count, label => new Member(scene, label, flags.Length > 0 ? flags : SmallFiles));

    /// <summary>Of members that somebody else has made, in the scene.</summary>
    public static TestCluster Of(Scene scene, IEnumerable<Member> members)
    {
        var cluster = new TestCluster(scene);
        cluster.Members.AddRange(members);
        return cluster;
    }

    /// <param name="make">Makes the member of a label.</param>
    public static async Task<TestCluster> StartAsync(Scene scene, int count, Func<string, Member> make)
    {
        var cluster = new TestCluster(scene);
        for (var number = 1; number <= count; number++)
        {
            cluster.Add(make(string.Create(CultureInfo.InvariantCulture, $"node{number:00}"))).Start();

            // The second one needs a member to join; the others may come at once.
            if (number == 1)
            {
                await cluster[0].ReadyAsync();
            }
        }

        await cluster.ReadyAsync();
        return cluster;
    }

    public Member Add(string label, string[] flags) => Add(new Member(scene, label, flags.Length > 0 ? flags : SmallFiles));

    private Member Add(Member member)
    {
        scene.AddMember(member);
        member.Join = Members.Count > 0 ? Members[0].Address : null;
        Members.Add(member);
        return member;
    }

    /// <summary>All running members answer and vote, and agree on who leads.</summary>
    public async Task<Member> ReadyAsync()
    {
        foreach (var member in Running())
        {
            await member.ReadyAsync();
        }

        return await Until.SomeAsync("all members vote and agree on a leader", Limit, AgreedLeaderAsync);
    }

    public Task<Member> LeaderAsync() => Until.SomeAsync("a member leads", Limit, AgreedLeaderAsync);

    public async Task<Member> FollowerAsync()
    {
        var leader = await LeaderAsync();
        return Running().First(member => member != leader);
    }

    public IEnumerable<Member> Except(Member member) => Members.Where(other => other != member);

    /// <summary>All members have applied the same entries with the same outcome.</summary>
    public Task SameStateAsync(params Member[] members) => Until.TrueAsync(
        "equal applied_index and applied_hash everywhere",
        Limit,
        async () =>
        {
            var statuses = await Task.WhenAll((members.Length > 0 ? members : [.. Members]).Select(member => member.StatusAsync()));
            var reached = statuses.Select(status => status.AppliedIndex).Distinct().Count() == 1;
            if (reached)
            {
                Assert.Single(statuses.Select(status => status.AppliedHash).Distinct(StringComparer.Ordinal));
            }

            return reached;
        });

    private IEnumerable<Member> Running() => Members.Where(member => member.IsRunning);

    private async Task<Member?> AgreedLeaderAsync()
    {
        var members = Running().ToArray();
        var statuses = await Task.WhenAll(members.Select(member => member.StatusAsync()));
        var leader = Array.FindIndex(statuses, status => status.Role == "leader");
        var agreed = leader >= 0
            && statuses.All(status => status.Role is "leader" or "follower" && status.Leader == statuses[leader].MemberId);
        return agreed ? members[leader] : null;
    }
}
