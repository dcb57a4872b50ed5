using Raftd.Node.Membership;
using Raftd.Testing.Disks;
using Raftd.Wal;

namespace Raftd.Node.Tests;

public sealed class IdentityFileTests
{
    private const string Directory = "/data";

    [Fact]
    public void Load_NothingThere_IsNull() => Assert.Null(new IdentityFile(Disk(), Directory).Load());

    [Fact]
    public void Load_WhatWasSaved_IsTheSame()
    {
        var disk = Disk();
        var begun = new IdentityFile(disk, Directory).Begin("node01");
        Assert.False(begun.IsMember);
        new IdentityFile(disk, Directory).Save(begun with { ClusterId = 5, MemberId = ulong.MaxValue, Generator = 3 });

        var loaded = new IdentityFile(disk, Directory).Load();

        Assert.True(loaded!.IsMember);
        Assert.Equal(ulong.MaxValue, loaded.MemberId);
        Assert.Equal(begun.Instance, loaded.Instance);
    }

    /// <summary>Failure 29 of docs/failures.md: a crash at any step, losing what was not synced, leaves old or
    /// new.</summary>
    [Fact]
    public void Save_CrashAtAnyOperation_LeavesOldOrNewWhole()
    {
        for (var crashAt = 0; ; crashAt++)
        {
            var disk = Disk();
            var before = new IdentityFile(disk, Directory).Begin("node01");
            var after = before with { ClusterId = 5, MemberId = 6 };
            var left = crashAt;
            disk.BeforeOperation = operation => left-- == 0 ? throw new SimulatedCrashException(operation) : 0;
            var crashed = Crashes(() => new IdentityFile(disk, Directory).Save(after));
            foreach (var loss in Enum.GetValues<CrashLoss>())
            {
                var survived = new IdentityFile(disk.Crash(loss, new Random(crashAt)), Directory).Load();
                Assert.Equal(before.Instance, survived!.Instance);
                Assert.True(survived.MemberId == 6 || (crashed && survived.MemberId == 0), $"member id {survived.MemberId}");
            }

            if (!crashed)
            {
                return;
            }
        }
    }

    [Theory]
    [InlineData(Errno.Io)]
    [InlineData(Errno.NoSpace)]
    [InlineData(Errno.ReadOnly)]
    [InlineData(Errno.QuotaExceeded)]
    public void Save_ErrorAtAnyCall_IsTypedAndLeavesOldOrNewWhole(int errno)
    {
        for (var failing = 1; ; failing++)
        {
            var disk = Disk();
            var before = new IdentityFile(disk, Directory).Begin("node01");
            var first = disk.Operations + 1;
            disk.BeforeOperation = operation => operation.Number - first + 1 == failing ? errno : 0;
            var failure = Record.Exception(() => new IdentityFile(disk, Directory).Save(before with { ClusterId = 5, MemberId = 6 }));
            disk.BeforeOperation = null;
            if (failure is null)
            {
                Assert.True(failing > 4, $"only {failing - 1} calls were made to fail");
                return;
            }

            Assert.Equal(errno, Assert.IsType<StorageIoException>(failure).ErrorNumber);
            foreach (var loss in Enum.GetValues<CrashLoss>())
            {
                var survived = new IdentityFile(disk.Crash(loss, new Random(failing)), Directory).Load();
                Assert.Equal(before.Instance, survived!.Instance);
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"format\":0,\"instance\":1,\"label\":\"a\"}")]
    [InlineData("{\"format\":1,\"instance\":0,\"label\":\"a\"}")]
    public void Load_Damaged_StopsWithWhatToDo(string content)
    {
        var disk = Disk();
        disk.Put($"{Directory}/member.json", System.Text.Encoding.UTF8.GetBytes(content));

        var stop = Assert.Throws<FatalStopException>(() => new IdentityFile(disk, Directory).Load());

        Assert.Equal(FatalReason.LogCorrupt, stop.Reason);
        Assert.Contains("join it again", stop.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_WhatANewerBuildWrote_SaysSoAndDoesNotCallItDamaged()
    {
        var disk = Disk();
        disk.Put($"{Directory}/member.json", "{\"format\":2,\"instance\":1,\"label\":\"a\",\"more\":3}"u8.ToArray());
        var stop = Assert.Throws<FatalStopException>(() => new IdentityFile(disk, Directory).Load());
        Assert.Equal(FatalReason.NewerLevel, stop.Reason);
        Assert.Contains("newer raftd", stop.Remedy, StringComparison.Ordinal);
    }

    private static bool Crashes(Action action)
    {
        try
        {
            action();
            return false;
        }
        catch (SimulatedCrashException)
        {
            return true;
        }
    }

    private static MemoryFileSystem Disk()
    {
        var disk = new MemoryFileSystem();
        disk.CreateDirectory(Directory);
        disk.SyncDirectory("/");
        return disk;
    }
}
