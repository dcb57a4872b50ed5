using Raftd.Store.Buckets;
using Raftd.Store.Lmdb;
using Raftd.Testing.Buckets;
using Raftd.Testing.Disks;

namespace Raftd.Store.Tests.Buckets;

/// <summary>The switch from one state to the next. A crash is an exception from the hook after a step.</summary>
public sealed class StateDirectoryTests : IDisposable
{
    private static readonly LmdbBucketStoreOptions Impatient = new() { ReaderPatience = TimeSpan.FromMilliseconds(50) };

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Open_NoState_MakesAnEmptyOneAndSaysSo()
    {
        using (var made = Open())
        {
            Assert.True(made.IsNew);
            Assert.Equal("", made.Current.Dump());
            made.Current.Put(Bucket.Meta, [1], [1]);
        }

        using var again = Open();
        Assert.False(again.IsNew);
        Assert.Equal([1], again.Current.Get(Bucket.Meta, [1]));
        Assert.True(File.Exists(_directory.At("state/data.mdb")));
    }

    [Fact]
    public void Open_WhileOpen_IsRefused()
    {
        using var first = Open();
        Assert.Equal(BucketStoreFault.InUse, Assert.Throws<BucketStoreException>(() => Open()).Fault);
    }

    [Theory]
    [InlineData("nfs", true)]
    [InlineData("nfs4", true)]
    [InlineData("cifs", true)]
    [InlineData("9p", true)]
    [InlineData("ext4", false)]
    [InlineData("xfs", false)]
    [InlineData("btrfs", false)]
    [InlineData("tmpfs", false)]
    public void RequireLocal_ByFormat_RefusesNetworks(string format, bool isRefused)
    {
        var failure = Record.Exception(() => FileSystem.RequireLocal("/data", format)) as BucketStoreException;
        Assert.Equal(isRefused ? BucketStoreFault.Unavailable : null, failure?.Fault);
    }

    [Fact]
    public void TryCompleteInstall_NewState_ReplacesTheOldWithoutMerging()
    {
        using var directory = Open();
        directory.Current.Put(Bucket.Meta, [1], [1]);
        var installing = directory.BeginInstall();
        installing.Put(Bucket.Meta, [2], [2]);
        Assert.Equal([1], directory.Current.Get(Bucket.Meta, [1]));
        Assert.True(directory.TryCompleteInstall());
        Assert.Null(directory.Current.Get(Bucket.Meta, [1]));
        Assert.Equal([2], directory.Current.Get(Bucket.Meta, [2]));
        directory.Current.Put(Bucket.Meta, [3], [3]);
        Assert.False(Directory.Exists(_directory.At("state.installing")));
    }

    [Fact]
    public void TryCompleteInstall_ReaderOpen_ChangesNothingAndCanBeTriedAgain()
    {
        using var directory = StateDirectory.Open(_directory.Path, Impatient);
        directory.Current.Put(Bucket.Meta, [1], [1]);
        directory.BeginInstall().Put(Bucket.Meta, [2], [2]);
        var reader = directory.Current.BeginRead();
        Assert.False(directory.TryCompleteInstall());
        Assert.True(reader.MustYield);
        Assert.Equal([1], directory.Current.Get(Bucket.Meta, [1]));
        directory.Current.Put(Bucket.Meta, [1], [9]);
        reader.Dispose();
        Assert.True(directory.TryCompleteInstall());
        Assert.Equal([2], directory.Current.Get(Bucket.Meta, [2]));
    }

    [Fact]
    public void BeginInstall_AfterAnUnfinishedOne_BeginsEmpty()
    {
        using var directory = Open();
        directory.BeginInstall().Put(Bucket.Meta, [1], [1]);
        Assert.Equal("", directory.BeginInstall().Dump());
        directory.AbandonInstall();
        Assert.False(Directory.Exists(_directory.At("state.installing")));
    }

    /// <summary>An install is kept across as many streams as it takes, and another one takes its place.</summary>
    [Fact]
    public void BeginInstall_WhileOneIsFilled_ThrowsTheFormerAway()
    {
        using var directory = Open();
        var former = directory.BeginInstall();
        former.Put(Bucket.Meta, [1], [1]);
        var next = directory.BeginInstall();
        Assert.Equal("", next.Dump());
        Assert.Throws<BucketStoreException>(() => former.Put(Bucket.Meta, [1], [1]));

        next.Put(Bucket.Meta, [2], [2]);
        Assert.True(directory.TryCompleteInstall());
        Assert.Equal("Meta 02=02\n", directory.Current.Dump());
    }

    /// <summary>The core may be about to install it: nothing else is put in its place, and nothing throws it away.</summary>
    [Fact]
    public void Install_HandedOver_IsCompletedOrTakenBackBeforeTheNext()
    {
        using var directory = Open();
        Assert.Throws<Shared.InvariantViolationException>(directory.HandOverInstall);
        directory.BeginInstall().Put(Bucket.Meta, [1], [1]);
        directory.HandOverInstall();
        Assert.Throws<Shared.InvariantViolationException>(directory.BeginInstall);
        Assert.Throws<Shared.InvariantViolationException>(directory.AbandonInstall);
        Assert.True(directory.TryCompleteInstall());
        Assert.Equal("Meta 01=01\n", directory.Current.Dump());

        directory.BeginInstall().Put(Bucket.Meta, [2], [2]);
        directory.HandOverInstall();
        directory.TakeBackInstall();
        Assert.Equal("", directory.BeginInstall().Dump());
        directory.AbandonInstall();
        Assert.Equal("Meta 01=01\n", directory.Current.Dump());
    }

    [Fact]
    public void TryCompleteInstall_CrashAfterEachStep_LeavesOldOrNewWhole()
    {
        foreach (var crashAfter in Enum.GetValues<StateInstallStep>())
        {
            using var data = new TemporaryDirectory();
            using (var directory = StateDirectory.Open(data.Path))
            {
                directory.Current.Put(Bucket.Meta, [1], [1]);
            }

            InstallUntil(data.Path, crashAfter);
            using var after = StateDirectory.Open(data.Path);
            Assert.False(after.IsNew);
            var isNewState = crashAfter >= StateInstallStep.Renamed;
            Assert.Equal(isNewState ? "Meta 02=02\n" : "Meta 01=01\n", after.Current.Dump());
            Assert.False(Directory.Exists(data.At("state.installing")));
        }
    }

    [Fact]
    public void Open_CrashAfterEachStepOfTheFirstStart_StartsAgain()
    {
        foreach (var crashAfter in Enum.GetValues<StateInstallStep>())
        {
            using var data = new TemporaryDirectory();
            Assert.Throws<TimeoutException>(() => StateDirectory.Open(data.Path, null, CrashAfter(crashAfter)));
            using var after = StateDirectory.Open(data.Path);
            Assert.Equal(crashAfter < StateInstallStep.Renamed, after.IsNew);
            Assert.Equal("", after.Current.Dump());
        }
    }

    [Fact]
    public void Model_CrashAroundTheSwitch_LeavesOldOrNewWhole()
    {
        foreach (var crashAt in Enum.GetValues<ModelInstallMoment>())
        {
            var disk = new ModelStateDisk();
            var directory = new ModelStateDirectory(disk)
            {
                OnInstall = moment =>
                {
                    if (moment == crashAt)
                    {
                        throw new ModelCrashException(moment.ToString());
                    }
                },
            };
            directory.Current.Put(Bucket.Meta, [1], [1]);
            directory.BeginInstall().Put(Bucket.Meta, [2], [2]);
            Assert.Throws<ModelCrashException>(() => directory.TryCompleteInstall());
            using var after = new ModelStateDirectory(disk);
            Assert.False(after.IsNew);
            Assert.Equal(
                crashAt == ModelInstallMoment.AfterSwitch ? "Meta 02=02\n" : "Meta 01=01\n", after.Current.Dump());
        }
    }

    [Theory]
    [InlineData(ModelWriteMoment.BeforeBatch, false)]
    [InlineData(ModelWriteMoment.BeforeCommit, false)]
    [InlineData(ModelWriteMoment.AfterCommit, true)]
    public void Model_CrashInAWrite_LeavesAllOrNothing(ModelWriteMoment crashAt, bool isKept)
    {
        var disk = new ModelDisk();
        var store = new ModelBucketStore(disk);
        store.OnWrite = moment =>
        {
            if (moment == crashAt)
            {
                throw new ModelCrashException(moment.ToString());
            }
        };
        Assert.Throws<ModelCrashException>(() => store.Put(Bucket.Meta, [1], [1]));
        Assert.Throws<BucketStoreException>(() => store.Put(Bucket.Meta, [1], [1]));
        Assert.Equal(isKept, new ModelBucketStore(disk).Get(Bucket.Meta, [1]) is not null);
    }

    private static void InstallUntil(string path, StateInstallStep crashAfter)
    {
        var isArmed = false;
        var crash = CrashAfter(crashAfter);
        using var directory = StateDirectory.Open(path, null, step =>
        {
            if (isArmed)
            {
                crash(step);
            }
        });
        isArmed = true;
        Assert.Throws<TimeoutException>(() =>
        {
            directory.BeginInstall().Put(Bucket.Meta, [2], [2]);
            directory.TryCompleteInstall();
        });
    }

    private static Action<StateInstallStep> CrashAfter(StateInstallStep crashAfter) => step =>
    {
        if (step == crashAfter)
        {
            throw new TimeoutException($"crash after {step}");
        }
    };

    private StateDirectory Open() => StateDirectory.Open(_directory.Path);
}
