using Raftd.Store.Buckets;
using Raftd.Store.Lmdb;
using Raftd.Testing.Disks;

namespace Raftd.Store.Tests.Buckets;

public sealed class ProcessTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>Shows that a commit that answered is in the file, and no half of one; not that it is on the disk.</summary>
    [Fact]
    public async Task Kill_InTheMiddleOfCommits_LosesNothingThatWasCommitted()
    {
        var path = _directory.At("state");
        var kept = 0;
        for (var round = 0; round < 5; round++)
        {
            var said = await KillAfter(path, kept + 40 + (round * 7));
            using var store = LmdbBucketStore.Open(path);
            kept = BitConverter.ToInt32(store.Get(Bucket.Meta, [0])!);
            Assert.InRange(kept, said, int.MaxValue);
            Assert.Equal(kept, BitConverter.ToInt32(store.Get(Bucket.Meta, [1])!));
            using var reader = store.BeginRead();
            Assert.Equal(kept, reader.Count(Bucket.Revisions));
            Assert.True(reader.TryGet(Bucket.Revisions, BitConverter.GetBytes(kept), out var value));
            Assert.Equal(kept % 6000, value.Length);
        }
    }

    [Fact]
    public async Task Open_WhileAnotherProcessHasIt_IsRefused()
    {
        var path = _directory.At("state");
        using var store = LmdbBucketStore.Open(path);
        using var child = ChildProcess.Start(path);
        Assert.Equal("InUse", await child.StandardOutput.ReadLineAsync());
        await child.WaitForExitAsync();
    }

    /// <summary>Answers the last number that the child said, at least this one.</summary>
    private static async Task<int> KillAfter(string path, int number)
    {
        using var child = ChildProcess.Start(path);
        var said = 0;
        while (said < number)
        {
            said = int.Parse((await child.StandardOutput.ReadLineAsync())!);
        }

        child.Kill();
        var rest = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        var last = rest.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return rest.EndsWith('\n') ? int.Parse(last[^1]) : said;
    }
}
