using Raftd.Cluster.Tests.Support;
using Raftd.Testing;

namespace Raftd.Cluster.Tests.Failpoints;

/// <summary>One of three real members dies, waits or meets an error at each named step of the product, under load: what was
/// acknowledged is there afterwards, and all members hold the same.</summary>
/// <remarks>The random numbers only say at which passage of a step; the seed is printed.</remarks>
public sealed class FailpointTests : ClusterTest
{
    private const int SyncFailed = 20;

    // Next to nothing is kept of the log, so segments come and go, and a member that was away needs a snapshot.
    private static readonly string[] TinyLog =
        ["-max-value-bytes", "64KiB", "-wal-segment-bytes", "1MiB", "-wal-retention-bytes", "0", "-flush-interval", "20ms"];

    // What is written while a member is down is more than is kept for it: it needs another snapshot each time.
    private static readonly string[] TinyPins = [.. TinyLog, "-max-pinned-log-bytes", "6MiB"];

    // A history of half of this is compacted, down to ten thousand revisions.
    private static readonly string[] TinyQuota = [.. TinyLog, "-quota-bytes", "16MiB"];

    private static readonly string[] OfWrites =
    [
        "propose.accepted", "ready.taken", "log.append", "log.write", "log.sync", "log.synced", "log.promised", "log.roll",
        "log.rolled", "log.delete", "log.deleted", "apply.entry", "apply.published", "flush.begin", "flush.commit",
        "flush.committed", "flush.done",
    ];

    // What the log or the state could not write or sync ends the member.
    private static readonly string[] FatalErrors = ["log.write", "log.sync", "log.roll", "log.delete", "flush.commit"];

    private static readonly string[] OfInstalls =
    [
        "snapshot.received-chunk", "snapshot.received", "install.begin", "install.closed", "install.renamed", "install.done",
        "log.reset", "log.restarted",
    ];

    private static readonly string[] OfSenders = ["snapshot.send", "snapshot.sent-chunk", "snapshot.ended"];

    // In the order in which a newcomer comes by: member.json is written with its instance, as a member's, and once it has started.
    private static readonly string[] OfNewcomers =
    [
        "identity.rename", "identity.renamed", "member.identified", "identity.rename", "identity.renamed", "identity.rename",
        "identity.renamed", "member.apply",
    ];

    private static readonly string[] OfLeaders = ["member.proposed"];

    private static readonly string[] OfCompactions = ["compact.apply"];

    private static readonly string[] OfDeletions = ["apply.slice"];

    private static readonly string[] OfDefragmentations =
        ["defragment.step", "defragment.copied", "defragment.rename", "defragment.renamed", "defragment.switched"];

    private readonly Random _random = new(Seed.Value);

    [Fact]
    public void Failpoint_AnyInTheSources_HasItsScene()
    {
        string[] all =
        [
            .. OfWrites, .. OfInstalls, .. OfSenders, .. OfNewcomers, .. OfLeaders, .. OfCompactions, .. OfDeletions,
            .. OfDefragmentations,
        ];
        Assert.Equal(SourceFailpoints.Names().Order(StringComparer.Ordinal), all.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Write_MemberDiesAtAnyStep_LosesNothing()
    {
        Print($"seed {Seed.Value}");
        var cluster = await TestCluster.StartAsync(Scene, 3, TinyLog);
        await using var load = new Load(cluster.Members, writers: 2, valueBytes: 10_000);
        var victim = await Victim.OfAsync(cluster[2]);
        foreach (var step in OfWrites)
        {
            await victim.DieAsync($"{step}=kill@{Passage(step)}", () => LeadAsync(cluster, victim));
        }

        await EndWellAsync(cluster, victim, load);
    }

    [Fact]
    public async Task MemberWhoseDiskFails_Ends_AndLosesNothing()
    {
        Print($"seed {Seed.Value}");
        var cluster = await TestCluster.StartAsync(Scene, 3, TinyLog);
        await using var load = new Load(cluster.Members, writers: 2, valueBytes: 10_000);
        var victim = await Victim.OfAsync(cluster[2]);
        foreach (var step in FatalErrors)
        {
            await victim.StopAsync($"{step}=error:EIO@{Passage(step)}", SyncFailed, () => LeadAsync(cluster, victim));
        }

        await EndWellAsync(cluster, victim, load);
    }

    [Fact]
    public async Task LeaderThatIsSlowAtEveryStep_OrHasNoRoomForASegment_GoesOn()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3, TinyLog);
        var victim = await Victim.OfAsync(cluster[2]);
        await victim.StartAsync(string.Join(';', OfWrites.Select(step => $"{step}=sleep:2")));
        await cluster.ReadyAsync();
        await LeadAsync(cluster, victim);

        // Only now: as the leader it sets the pace, and as a follower it would never catch up with one that is faster.
        await using var load = new Load(cluster.Members, writers: 2, valueBytes: 10_000);
        await victim.ReachedAsync("log.deleted");
        await load.MoreAsync(100);

        await victim.StartAsync("log.roll=error:ENOSPC@3");
        await cluster.ReadyAsync();
        await LeadAsync(cluster, victim);
        await victim.ReachedAsync("log.roll");
        await load.MoreAsync(100);
        Assert.True(victim.Member.IsRunning, victim.Member.LastLine);
        await EndWellAsync(cluster, victim, load);
    }

    [Fact]
    public async Task Install_MemberDiesAtAnyStep_HasTheOldStateOrTheNew()
    {
        Print($"seed {Seed.Value}");
        var cluster = await TestCluster.StartAsync(Scene, 3, TinyPins);
        var victim = await Victim.OfAsync(cluster[2]);
        var loads = new List<Load>();
        foreach (var step in OfInstalls)
        {
            await victim.Member.KillAsync();
            loads.Add(await LeaveBehindAsync(cluster, step));
            await victim.DieAsync($"{step}=kill");
        }

        // A connection that breaks is no reason to end: the leader begins anew.
        loads.Add(await LeaveBehindAsync(cluster, "broken"));
        await victim.StartAsync("snapshot.received-chunk=error:EIO@2");
        await victim.ReachedAsync("snapshot.received-chunk");
        await victim.StartAsync("");
        await cluster.ReadyAsync();
        loads.Add(await LeaveBehindAsync(cluster, "after"));
        await cluster.SameStateAsync();
        foreach (var before in loads)
        {
            await before.VerifyAsync(cluster.Members);
        }
    }

    [Fact]
    public async Task Leader_DiesWhileItSendsASnapshot_IsReplaced()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3, TinyLog);
        var (late, victim) = (cluster[1], await Victim.OfAsync(cluster[2]));
        await using var load = new Load(cluster.Members, writers: 1, valueBytes: 15_000);
        foreach (var step in OfSenders)
        {
            await SendAsync($"{step}=kill");
            await victim.Member.EndAsync();
        }

        // The next one may be asked for while the one that failed still ends.
        await SendAsync("snapshot.sent-chunk=error:EIO@2;snapshot.ended=sleep:500");
        await EndWellAsync(cluster, victim, load);

        // The load may cost the victim its leadership, and another then sends the snapshot: it is tried again.
        async Task SendAsync(string plan)
        {
            await victim.StartAsync(plan);
            await cluster.ReadyAsync();
            do
            {
                await LeadAsync(cluster, victim);
                await late.KillAsync();
                await load.MoreAsync(250);
                late.Start();
                await late.ReadyAsync();
            }
            while (!await victim.HasSoonReachedAsync(plan.Split('=')[0]));
        }
    }

    [Fact]
    public async Task Newcomer_DiesAtAnyStep_BecomesAMember()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3, TinyLog);
        await using var load = new Load([.. cluster.Members], writers: 1, valueBytes: 1000);
        var newcomer = await Victim.OfAsync(cluster.Add("node04", TinyLog));
        await newcomer.StopAsync("identity.rename=error:EIO", SyncFailed);
        foreach (var step in OfNewcomers)
        {
            await newcomer.DieAsync($"{step}=kill");
        }

        await EndWellAsync(cluster, newcomer, load);
    }

    [Fact]
    public async Task Removal_LeaderDiesOnceItIsProposed_LeavesAMemberOrNone()
    {
        var cluster = await TestCluster.StartAsync(Scene, 4, TinyLog);
        await using var load = new Load([.. cluster.Members.Take(3)], writers: 1, valueBytes: 1000);
        var leader = await Victim.OfAsync(cluster[2]);
        await leader.DieAsync("member.proposed=kill", async () =>
        {
            await LeadAsync(cluster, leader);
            if (await cluster.LeaderAsync() == leader.Member)
            {
                await leader.Member.SendAsync(HttpMethod.Delete, "/members/node04");
            }
        });
        await leader.StartAsync("");
        await Until.TrueAsync("node04 is removed", TimeSpan.FromSeconds(30), async () =>
            (await cluster[0].SendAsync(HttpMethod.Delete, "/members/node04")).Status is 200 or 404);
        await cluster[3].EndAsync();
        await EndWellAsync(cluster, leader, load);
    }

    [Fact]
    public async Task Compaction_MemberDiesWithinIt_IsDoneAgain()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3, TinyQuota);
        var victim = await Victim.OfAsync(cluster[2]);
        await victim.StartAsync("compact.apply=kill@2");
        await cluster.ReadyAsync();
        await using var load = new Overwrites(cluster.Members);
        await victim.ReachedAsync("compact.apply");
        await victim.Member.EndAsync();
        await victim.StartAsync("");
        await load.StopAsync();
        await cluster.ReadyAsync();
        await cluster.SameStateAsync();
        await load.VerifyAsync();
    }

    /// <summary>Under load. A failure before the switch is told to the caller alone; one in it ends the member.</summary>
    [Fact]
    public async Task Defragmentation_MemberDiesAtAnyStep_HasTheOldFileOrTheNew()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3, TinyLog);
        await using var load = new Load(cluster.Members, writers: 1, valueBytes: 1000, pause: TimeSpan.FromMilliseconds(20));
        var victim = await Victim.OfAsync(cluster[2]);
        foreach (var step in OfDefragmentations)
        {
            await victim.DieAsync($"{step}=kill", () => DefragmentAsync(victim));
        }

        await victim.StopAsync("defragment.rename=error:EIO", SyncFailed, () => DefragmentAsync(victim));
        await victim.StartAsync("defragment.step=error:ENOSPC");
        await cluster.ReadyAsync();
        var refused = await DefragmentAsync(victim);
        Assert.Equal(429, refused.Status);
        Assert.Contains("is as it was", refused.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await DefragmentAsync(victim)).Status);
        await EndWellAsync(cluster, victim, load);
    }

    /// <summary>A deletion that was half applied at a crash leaves nothing of itself: the entry begins anew.</summary>
    [Fact]
    public async Task Deletion_MemberDiesBetweenSlices_DeletesAllOfIt()
    {
        const int Keys = 2500;
        var cluster = await TestCluster.StartAsync(Scene, 3, TinyLog);
        var victim = await Victim.OfAsync(cluster[2]);
        await victim.StartAsync("apply.slice=kill@3");
        await cluster.ReadyAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, Keys), async (i, _) =>
            Assert.Equal(200, (await cluster[i % 2].PutAsync($"/key/many/{i}", "x")).Status));
        var revision = (await cluster[0].StatusAsync()).Revision;
        var deleted = await cluster[0].SendAsync(HttpMethod.Delete, "/key/many/?prefix=1");
        Assert.Equal($"{Keys}", deleted.Header("X-Raftd-Deleted"));
        await victim.ReachedAsync("apply.slice");
        await victim.Member.EndAsync();
        await victim.StartAsync("");
        await cluster.ReadyAsync();
        await cluster.SameStateAsync();
        Assert.Equal(revision + 1, (await victim.Member.StatusAsync()).Revision);
        Assert.Equal(404, (await victim.Member.GetAsync("/key/many/7")).Status);
    }

    /// <summary>Early, so that a scene is short; but not always the first time, which is part of the start.</summary>
    private int Passage(string step) => step switch
    {
        "log.roll" or "log.rolled" or "log.delete" or "log.deleted" => _random.Next(1, 4),
        "propose.accepted" => _random.Next(1, 20),
        _ => _random.Next(1, 60),
    };

    /// <summary>Does nothing while the victim cannot take over: a transfer that has to be given up stops all writes for so long.</summary>
    private static async Task LeadAsync(TestCluster cluster, Victim victim)
    {
        if ((await victim.Member.GetAsync("/readyz")).Status == 200 && (await victim.Member.StatusAsync()).Role == "follower")
        {
            await cluster.Except(victim.Member).First(member => member.IsRunning).PostAsync($"/leader/transfer?to={victim.Member.Label}");
        }
    }

    private static Task<Answer> DefragmentAsync(Victim victim) =>
        victim.Member.SendAsync(HttpMethod.Post, "/v3/maintenance/defragment", "{}"u8.ToArray());

    /// <summary>More is written than is kept for a member that is down. Then nothing is, or a snapshot, under which no more is
    /// kept either, would be begun anew again and again.</summary>
    private static async Task<Load> LeaveBehindAsync(TestCluster cluster, string prefix)
    {
        var load = new Load(cluster.Members, prefix, writers: 2, valueBytes: 30_000);
        await load.MoreAsync(250);
        await load.StopAsync();
        return load;
    }

    private static async Task EndWellAsync(TestCluster cluster, Victim victim, Load load)
    {
        await victim.StartAsync("");
        await cluster.ReadyAsync();
        await load.MoreAsync(50);
        await load.VerifyAsync(cluster.Members.Where(member => member.IsRunning));
        await cluster.SameStateAsync([.. cluster.Members.Where(member => member.IsRunning)]);
    }
}
