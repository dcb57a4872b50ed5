using System.Security.Cryptography;
using Raftd.Contract;
using Raftd.Node.Restoring;
using Raftd.Raft;
using Raftd.Testing.Disks;
using Raftd.Wal;

namespace Raftd.Node.Tests;

/// <summary>A new cluster is made of what a cluster without a quorum left: of the highest directory, with its whole log, and with
/// one voter. What may be lost is said, and has to be accepted.</summary>
public sealed class RecoveryTests : IDisposable
{
    private const string Label = "recovered";

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Target => _directory.At("new");

    public void Dispose() => _directory.Dispose();

    public static TheoryData<string, ulong[], ulong[], ulong[], ulong[]> Shapes => new()
    {
        { "alone", [1], [], [], [] },
        { "three", [1, 2, 3], [], [], [] },
        { "five", [1, 2, 3, 4, 5], [], [], [] },
        { "a learner beside", [1, 2, 3], [4], [], [] },
        { "itself a learner", [2, 3], [1, 4], [], [] },
        { "a learner to be added", [1, 2, 3], [], [1, 2, 3], [4] },
        { "a learner to be promoted", [1, 2, 3], [4], [1, 2, 3, 4], [] },
        { "a voter to be removed", [1, 2, 3], [], [1, 2], [] },
        { "itself to be removed", [1, 2, 3], [], [2, 3], [] },
    };

    /// <summary>Failure 83: whatever the members were, and whatever change of them was under way.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Recovered_FromAnyMembership_HasOneVoter_AndTheWholeLog(
        string shape, ulong[] voters, ulong[] learners, ulong[] nextVoters, ulong[] nextLearners)
    {
        const long Lease = 42;
        var left = Left(1).Configure(voters, learners).Put("a", "b").Grant(Lease, ttlSeconds: 600, leftSeconds: 100).Put("c");
        if (nextVoters.Length > 0)
        {
            left.Configure(nextVoters, nextLearners);
        }

        left.Put("tail").Write(applied: 3);
        var before = Fingerprint(left.Path);

        var made = Recover([left], acceptLoss: true);
        Assert.Equal(5, made.Revision);
        Assert.NotEqual(LeftDirectory.ClusterId, made.ClusterId);
        Assert.Equal(before, Fingerprint(left.Path));

        // Twice: the first start founds, the second finds what the first one left.
        for (var start = 0; start < 2; start++)
        {
            await using var node = await FirstNode.StartAsync(Target, Label);
            Assert.Equal(made.ClusterId, node.Cluster.Status().ClusterId);
            foreach (var key in (string[])["a", "b", "c", "tail"])
            {
                Assert.Equal(key, await node.GetAsync(key));
            }

            var member = Assert.Single((await node.Cluster.MembersAsync(Caller.Nobody, ReadLevel.Linearizable, Stop)).Members);
            Assert.False(member.IsLearner, shape);
            Assert.Equal(Label, member.Label);
            Assert.DoesNotContain(voters.Concat(learners), id => id == member.Id);
            Assert.InRange((await node.Leases.TimeToLiveAsync(Caller.Nobody, Lease, Stop)).TtlSeconds, 50, 100);
            await node.PutAsync("new", "v");
            Assert.Null(node.Member!.State.Audit());
        }
    }

    /// <summary>The later term wins, and then the longer log; the state on disk may be behind, or ahead of the log.</summary>
    [Fact]
    public void Highest_IsByTerm_ThenByIndex()
    {
        var shorter = Written(1, "x", "y").Write(applied: 3);
        var long1 = Written(2, "x", "y", "z", "z", "z").Write(applied: 1);
        var later = Written(3, "x", "y");
        later.Term = 2;
        later.Put("later").Write(applied: 0);

        using var recovery = Recovery.Open([shorter.Path, long1.Path, later.Path]);
        Assert.Equal([new EntryId(1, 3), new EntryId(1, 6), new EntryId(2, 4)], recovery.Directories.Select(static report => report.Last));
        Assert.Equal([3UL, 1, 0], recovery.Directories.Select(static report => report.Applied.Index));
        Assert.Equal(later.Path, recovery.Plan.Source.Directory);
        Assert.Empty(recovery.Plan.Losses);
        Assert.Equal(["node97", "node98", "node99"], recovery.Plan.Counted);
    }

    [Fact]
    public async Task Majority_LosesNothing_AndNeedsNoFlag()
    {
        Recover([Written(1, "x").Write(applied: 2), Written(2, "x", "y").Write(applied: 1)]);
        await using var node = await FirstNode.StartAsync(Target, Label);
        Assert.Equal("y", await node.GetAsync("y"));
    }

    [Fact]
    public void OneOfThree_MayHaveLostAcknowledgedWrites_AndSaysSo()
    {
        var one = Written(1, "x").Write(applied: 2);
        var refused = RequireRefused([one]);
        Assert.Contains("node97, node98", refused.What, StringComparison.Ordinal);
        Assert.Contains("term 1, index 2", refused.What, StringComparison.Ordinal);
        Assert.Contains("-accept-loss", refused.Remedy, StringComparison.Ordinal);
        Recover([one], acceptLoss: true);
    }

    /// <summary>Its disk may have lost what it acknowledged: it counts only where every voter is here.</summary>
    [Fact]
    public void TornTail_IsNoDamage_AndCountsForNoMajority()
    {
        var torn = Written(1, "x", "y").Write(applied: 1);
        torn.TearTail();
        var second = Written(2, "x", "y").Write(applied: 1);
        var third = Written(3, "x").Write(applied: 1);
        RequireRefused([torn, second]);
        Assert.Contains("was torn", RequireRefused([torn]).What, StringComparison.Ordinal);
        using (var all = Recovery.Open([torn.Path, second.Path, third.Path]))
        {
            Assert.Empty(all.Plan.Losses);
            Assert.True(all.Directories[0].IsRecovering);
            Assert.Equal(new EntryId(1, 3), all.Directories[0].Last);
        }

        Recover([torn], acceptLoss: true);
    }

    [Fact]
    public async Task DamagedLog_IsUsedUpToTheLastWholeEntry_WhereThatIsAccepted()
    {
        var damaged = Written(1, "whole", "broken", "behind").Write(applied: 1);
        damaged.DamageLogAt("broken");
        var before = Fingerprint(damaged.Path);
        Assert.Contains("is damaged", RequireRefused([damaged]).What, StringComparison.Ordinal);
        Assert.Equal(2, Recover([damaged], acceptLoss: true).Revision);
        Assert.Equal(before, Fingerprint(damaged.Path));

        await using var node = await FirstNode.StartAsync(Target, Label);
        Assert.Equal("whole", await node.GetAsync("whole"));
        Assert.Null(await node.GetAsync("broken"));
        Assert.Null(await node.GetAsync("behind"));
    }

    /// <summary>A majority with whole logs needs no more than that, even if the damaged one seems higher.</summary>
    [Fact]
    public void DamagedLog_BesideAWholeMajority_IsNotNeeded()
    {
        var damaged = Written(1, "a", "b", "c", "broken", "d").Write(applied: 1);
        damaged.DamageLogAt("broken");
        LeftDirectory[] whole = [Written(2, "a").Write(applied: 1), Written(3, "a", "b").Write(applied: 1)];
        using var recovery = Recovery.Open([damaged.Path, .. whole.Select(static left => left.Path)]);
        Assert.Equal(whole[1].Path, recovery.Plan.Source.Directory);
        Assert.Empty(recovery.Plan.Losses);
    }

    /// <summary>The highest log was elected to be the source, and its state cannot be read: the next one is lower.</summary>
    [Fact]
    public void LowerDirectory_IsTakenOnlyWhereThatIsAccepted()
    {
        var highest = Written(1, "a", "b", "c").Write(applied: 2);
        highest.CutState();
        LeftDirectory[] lower = [Written(2, "a").Write(applied: 1), Written(3, "a", "b").Write(applied: 1)];
        var refused = RequireRefused([highest, .. lower]);
        Assert.Contains($"{highest.Path} goes up to term 1, index 4, and cannot be used", refused.What, StringComparison.Ordinal);
        Assert.Equal(3, Recover([highest, .. lower], acceptLoss: true).Revision);
    }

    /// <summary>LMDB reads through its map, and a page without a file behind it would end the process.</summary>
    [Fact]
    public void StateFile_CutAtAnyPage_IsFound_OrNothingOfItIsMissing()
    {
        var left = Written(1, "a", "b", "c").Write(applied: 4);
        var found = 0;
        for (var bytes = left.StateBytes; bytes >= 0; bytes -= 4096)
        {
            left.CutState(bytes);
            using (var recovery = Recovery.Open([left.Path]))
            {
                if (recovery.Directories[0].StateDamage is not null)
                {
                    found++;
                    continue;
                }
            }

            Assert.Equal(4, Recover([left], acceptLoss: true).Revision);
            Directory.Delete(Target, recursive: true);
        }

        Assert.InRange(found, 2, int.MaxValue);
    }

    [Fact]
    public void NoState_ThatCanBeRead_LeavesTheBackup()
    {
        var left = Written(1, "a").Write(applied: 1);
        left.CutState();
        using var recovery = Recovery.Open([left.Path, left.Path + "/"]);
        Assert.Contains("is empty", Assert.Single(recovery.Directories).StateDamage, StringComparison.Ordinal);
        Assert.Contains("restore a backup", Assert.Throws<FatalStopException>(() => recovery.Plan).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Fenced_IsTakenOnlyWhereThereIsNoOther()
    {
        var fenced = Left(1, fencedBecause: "its state differs").Configure([1, 2, 3]).Put("a", "b").Write(applied: 1);
        var other = Written(2, "a").Write(applied: 1);
        Assert.Contains("was fenced", RequireRefused([fenced]).What, StringComparison.Ordinal);
        using (var both = Recovery.Open([fenced.Path, other.Path]))
        {
            Assert.Equal(other.Path, both.Plan.Source.Directory);
            Assert.Contains(both.Plan.Losses, loss => loss.Contains("cannot be used (it was fenced: its state differs)", StringComparison.Ordinal));
        }

        Recover([fenced], acceptLoss: true);
    }

    [Fact]
    public void LostLog_LeavesTheState()
    {
        var left = Written(1, "a", "b").Write(applied: 2);
        left.DeleteLog();
        Assert.Contains("is damaged (it is gone)", RequireRefused([left]).What, StringComparison.Ordinal);
        Assert.Equal(2, Recover([left], acceptLoss: true).Revision);
    }

    [Fact]
    public void LogBehindItsState_IsLeftOut()
    {
        var left = Written(1, "a", "b").Write(applied: 3);
        left.ShortenLog(entries: 2);
        using (var recovery = Recovery.Open([left.Path]))
        {
            Assert.Equal(new EntryId(1, 3), recovery.Directories[0].Last);
            Assert.Null(recovery.Directories[0].Problem);
        }

        Assert.Equal(3, Recover([left], acceptLoss: true).Revision);
    }

    /// <summary>More than is read at a time, more than is kept in memory, and an entry of several slices.</summary>
    [Fact]
    public async Task LongTail_IsAppliedInPieces()
    {
        const int Keys = 1500;
        var left = Written(1).PutMany("gone", Keys, valueBytes: 10).PutMany("large", 300, valueBytes: 100_000).DeleteBelow("gone").Put("last");
        left.Write(applied: 1, syncsEach: false);
        Assert.Equal(1 + Keys + 300 + 2, Recover([left], acceptLoss: true).Revision);

        await using var node = await FirstNode.StartAsync(Target, Label);
        Assert.Equal("last", await node.GetAsync("last"));
        Assert.Null(await node.GetAsync("gone/000000"));
        Assert.Null(await node.GetAsync($"gone/{Keys - 1:000000}"));
        Assert.Equal(100_000, (await node.GetAsync("large/000299"))?.Length);
        Assert.Null(node.Member!.State.Audit());
    }

    /// <summary>What is stored wrong is found as it is copied, and nothing is made of it.</summary>
    [Fact]
    public void DamagedState_IsFoundAsItIsCopied()
    {
        var left = Written(1, "a", "a-value-that-rots").Write(applied: 3);
        left.DamageStateAt("a-value-that-rots");
        var refused = Assert.Throws<FatalStopException>(() => Recover([left], acceptLoss: true));
        Assert.Equal(FatalReason.StateCorrupt, refused.Reason);
        Assert.Contains("nothing was made", refused.What, StringComparison.Ordinal);
        Assert.Equal([left.Path], Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void Directories_ThatDoNotBelongTogether_AreRefused()
    {
        var one = Written(1, "a").Write(applied: 1);
        var foreign = new LeftDirectory(_directory.At("foreign"), 2) { Cluster = 78 }.Configure([2]).Write(applied: 1);
        var twice = new LeftDirectory(_directory.At("twice"), 1).Configure([1]).Write(applied: 1);
        Directory.CreateDirectory(_directory.At("empty"));
        Assert.Equal(FatalReason.IdentityRefused, RefusedAtOpen(one.Path, foreign.Path).Reason);
        Assert.Contains("both of the member node99", RefusedAtOpen(one.Path, twice.Path).What, StringComparison.Ordinal);
        Assert.Contains("no data directory", RefusedAtOpen(_directory.At("empty")).What, StringComparison.Ordinal);
        using (DirectoryLock.Acquire(one.Path))
        {
            Assert.Equal(FatalReason.DataDirectoryLocked, RefusedAtOpen(one.Path).Reason);
        }

        using (Recovery.Open([one.Path]))
        {
            Assert.Throws<DirectoryLockedException>(() => DirectoryLock.Acquire(one.Path));
        }

        Recover([one], acceptLoss: true);
        Assert.Contains("has never started", RefusedAtOpen(Target).What, StringComparison.Ordinal);
        Assert.Contains(
            "holds something already",
            Assert.Throws<FatalStopException>(() => Recover([one], acceptLoss: true)).What,
            StringComparison.Ordinal);
    }

    /// <summary>What a crash leaves beside the directory is no member's, and in nobody's way.</summary>
    [Fact]
    public void Leftovers_OfARecoveryThatCrashed_AreReplaced()
    {
        Directory.CreateDirectory(Target + ".restoring");
        File.WriteAllText(Path.Combine(Target + ".restoring", "half"), "a state");
        Recover([Written(1, "a").Write(applied: 1)], acceptLoss: true);
        Assert.False(Directory.Exists(Target + ".restoring"));
    }

    [Fact]
    public async Task RaisedRevision_IsBeyondWhatClientsSaw()
    {
        const long By = 1000;
        var left = Written(1, "a").Write(applied: 1);
        Assert.Equal(1 + By + 1, Recover([left], acceptLoss: true, raiseRevisionBy: By).Revision);
        await using var node = await FirstNode.StartAsync(Target, Label);
        Assert.Equal("a", await node.GetAsync("a"));
        Assert.Equal(1 + By + 2, await node.PutAsync("a", "v"));
    }

    private LeftDirectory Left(ulong id, string? fencedBecause = null) =>
        new(_directory.At($"left{id}"), id) { FencedBecause = fencedBecause };

    private LeftDirectory Written(ulong id, params string[] keys) => Left(id).Configure([1, 2, 3]).Put(keys);

    private FatalStopException RequireRefused(LeftDirectory[] left)
    {
        var refused = Assert.Throws<FatalStopException>(() => Recover(left));
        Assert.Equal(FatalReason.LossNotAccepted, refused.Reason);
        Assert.False(Path.Exists(Target));
        return refused;
    }

    private static FatalStopException RefusedAtOpen(params string[] directories) =>
        Assert.Throws<FatalStopException>(() => Recovery.Open(directories));

    private RecoveredMember Recover(LeftDirectory[] left, bool acceptLoss = false, long raiseRevisionBy = 0)
    {
        using var recovery = Recovery.Open([.. left.Select(static one => one.Path)]);
        return recovery.Make(new RecoveryOptions
        {
            DataDirectory = Target,
            Label = Label,
            AcceptLoss = acceptLoss,
            RaiseRevisionBy = raiseRevisionBy,
        });
    }

    /// <summary>Of every file's name and content.</summary>
    private static string Fingerprint(string directory) => string.Join('\n', Directory
        .GetFiles(directory, "*", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal)
        .Select(static path => $"{path} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))}"));
}
