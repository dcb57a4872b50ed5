using System.Buffers.Binary;
using Raftd.State.Commands;
using Raftd.Store.Buckets;
using Raftd.Store.Snapshots;
using Raftd.Testing;
using Raftd.Testing.Buckets;

namespace Raftd.Store.Tests.Mvcc;

/// <summary>The cluster's level as state, and everything newer than this build, which is told from damage.</summary>
public sealed class FeatureLevelTests : IDisposable
{
    private const byte Newer = FeatureLevel.Newest + 1;

    private readonly TestStore _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public void EmptyState_OfANewerBuild_IsOfLevel1()
    {
        Assert.Equal(1, _store.State.View().FeatureLevel);
        _store.Put("k", "v");
        _store.Flush();
        _store.Restart();
        Assert.Equal(1, _store.State.View().FeatureLevel);
    }

    [Fact]
    public void Raise_ToWhatTheClusterHas_ChangesNothing()
    {
        var refused = Assert.IsType<ErrorResult>(_store.Apply(By.Nobody.RaiseLevel(1, 0)));
        Assert.Equal((ApplyError.LevelNotAbove, 1, 1), (refused.Error, refused.Subject, refused.Bound));
    }

    [Theory]
    [InlineData(2, 1, 7, null)]
    [InlineData(3, 1, 7, null)]
    [InlineData(2, 2, 7, ApplyError.LevelNotAbove)]
    [InlineData(2, 3, 7, ApplyError.LevelNotAbove)]
    [InlineData(2, 1, 6, ApplyError.MembersChanged)]
    [InlineData(2, 1, 8, ApplyError.MembersChanged)]
    public void Raise_NotAboveOrForOtherMembersThanWereAsked_IsVoid(
        int raise, int level, ulong inForce, ApplyError? error) =>
        Assert.Equal(error, new RaiseLevelCommand(raise, 7).RefusalAt(level, inForce)?.Error);

    [Fact]
    public void Entry_ThatRaisesAboveThisBuild_StopsItBeforeAnythingIsChanged()
    {
        _store.Put("k", "v");
        var before = _store.State.Applied;
        var newer = Assert.Throws<NewerLevelException>(() => _store.Apply(By.Nobody.RaiseLevel(Newer, 0)));
        Assert.Equal(Newer, newer.Needed);
        Assert.Contains($"feature level {Newer}", newer.Message, StringComparison.Ordinal);
        Assert.Equal(before, _store.State.Applied);
    }

    [Fact]
    public void Command_OfANewerLayout_StopsThisBuildUnchangedAndIsNotCalledUnreadable()
    {
        var before = _store.State.Applied;
        var newer = Assert.Throws<NewerLevelException>(() => _store.Apply(new byte[] { Newer, 200, 1, 2, 3 }));
        Assert.Equal(Newer, newer.Needed);
        Assert.Equal(before, _store.State.Applied);
    }

    [Fact]
    public void Command_SaysWhichLevelItNeeds_InItsFirstByte()
    {
        Assert.Equal(1, CommandCodec.LevelOf(By.Nobody.Compact(5).Span));
        Assert.Equal(Newer, CommandCodec.LevelOf([Newer, 1]));
        Assert.False(CommandCodec.TryDecode(new byte[] { 0, 8, 1 }, out _));
        Assert.False(CommandCodec.TryDecode(new byte[] { Newer, 8, 1 }, out _));
    }

    [Fact]
    public void State_OfANewerLevel_IsNeitherOpenedNorCalledDamaged()
    {
        _store.Put("k", "v");
        _store.Flush();
        byte[] value;
        using (var reader = _store.Directory.Current.BeginRead())
        {
            Assert.True(reader.TryGet(Bucket.Meta, StoredMeta.Key, out var stored));
            value = stored.ToArray();
        }

        // As a newer build would have left it: the level, fields that this one does not know, the checksum.
        value = [Newer, .. value[1..^StoredChecksum.Bytes], 1, 2, 3, .. new byte[StoredChecksum.Bytes]];
        BinaryPrimitives.WriteUInt32LittleEndian(
            value.AsSpan(^StoredChecksum.Bytes..), StoredChecksum.Of(StoredMeta.Key, value.AsSpan(..^StoredChecksum.Bytes)));
        _store.Directory.Current.Write(writer => writer.Put(Bucket.Meta, StoredMeta.Key, value));
        var newer = Assert.Throws<NewerLevelException>(_store.Restart);
        Assert.Equal(Newer, newer.Needed);
    }

    [Fact]
    public void Snapshot_OfANewerLevel_IsRefusedBeforeAnythingOfItIsRead()
    {
        byte[] chunk = [.. new byte[SnapshotFormat.HeaderBytes], .. "what a newer build says"u8];
        SnapshotFormat.Seal(
            chunk, 0, new SnapshotChunkHeader(0, SnapshotChunkKind.Meta, SnapshotFormat.NoBucket, 0, FeatureLevel: Newer));
        using var store = new ModelBucketStore();
        using var receiver = new SnapshotReceiver(store);
        Assert.Equal(Newer, Assert.Throws<NewerLevelException>(() => receiver.Feed(chunk)).Needed);
    }

    [Fact]
    public void Snapshot_CarriesTheLevel_AndOneThatDoesNotFitItsStateIsRefused()
    {
        _store.Put("k", "v");
        _store.Flush();
        using var opened = _store.State.OpenSnapshot(clusterId: 9);
        Assert.Equal(FeatureLevel.First, opened.Meta.FeatureLevel);
        Assert.Null(StateMachine.VerifySnapshot(opened.Reader, opened.Meta));
        Assert.NotNull(StateMachine.VerifySnapshot(opened.Reader, opened.Meta with { FeatureLevel = Newer }));
    }
}
