using Raftd.Store.Buckets;
using Raftd.Store.Lmdb;
using Raftd.Testing.Buckets;
using Raftd.Testing.Disks;

namespace Raftd.Store.Tests.Buckets;

/// <summary>Random operations on LMDB and on the model; what they answer and what they hold must be the same.</summary>
public sealed class BucketStoreModelTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(null)]
    public void Operations_AtRandom_AnswerTheSame(int? fixedSeed)
    {
        var seed = fixedSeed ?? Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var real = LmdbBucketStore.Open(
            _directory.At("real"), new LmdbBucketStoreOptions { InitialMapSizeBytes = 1 << 20 });
        using var model = new ModelBucketStore { RunsBatchTwice = () => random.Next(10) == 0 };
        for (var round = 0; round < 60; round++)
        {
            var batchSeed = random.Next();
            using var realBefore = real.BeginRead();
            using var modelBefore = model.BeginRead();
            var before = modelBefore.Dump();
            var realAnswers = RunBatch(real, batchSeed);
            Assert.Equal(RunBatch(model, batchSeed), realAnswers);
            Assert.Equal(model.Dump(), real.Dump());
            Assert.Equal(before, modelBefore.Dump());
            Assert.Equal(before, realBefore.Dump());
        }

        foreach (var bucket in Enum.GetValues<Bucket>())
        {
            using var realReader = real.BeginRead();
            using var modelReader = model.BeginRead();
            Assert.Equal(modelReader.Count(bucket), realReader.Count(bucket));
        }

        Assert.Equal(0, model.OpenReaders);
    }

    /// <summary>Answers a trace of what each operation said. Some batches throw at the end, and must leave nothing.</summary>
    private static string RunBatch(IBucketStore store, int seed)
    {
        var trace = "";
        var throws = seed % 7 == 0;
        try
        {
            store.Write(writer =>
            {
                trace = RunOperations(writer, new Random(seed));
                if (throws)
                {
                    throw new TimeoutException("the batch changed its mind");
                }
            });
        }
        catch (TimeoutException) when (throws)
        {
            trace += " thrown";
        }

        return trace;
    }

    private static string RunOperations(IBucketWriter writer, Random random)
    {
        var trace = new System.Text.StringBuilder();
        var operations = random.Next(40);
        for (var i = 0; i < operations; i++)
        {
            var bucket = (Bucket)random.Next(BucketLimits.BucketCount);
            trace.Append(random.Next(10) switch
            {
                < 5 => Put(writer, bucket, random),
                5 or 6 => $"{writer.Delete(bucket, Key(random))} ",
                7 => $"{writer.DeleteRange(bucket, Key(random), High(random), random.Next(5))} ",
                8 => Get(writer, bucket, random),
                _ => Scan(writer, bucket, random),
            });
        }

        return trace.ToString();
    }

    private static string Put(IBucketWriter writer, Bucket bucket, Random random)
    {
        var value = new byte[random.Next(20) == 0 ? random.Next(9000) : random.Next(30)];
        random.NextBytes(value);
        writer.Put(bucket, Key(random), value);
        return "put ";
    }

    private static string Get(IBucketWriter writer, Bucket bucket, Random random) =>
        writer.TryGet(bucket, Key(random), out var value) ? $"{Convert.ToHexString(value)} " : "none ";

    private static string Scan(IBucketWriter writer, Bucket bucket, Random random)
    {
        using var cursor = writer.OpenCursor(bucket);
        var trace = new System.Text.StringBuilder();
        var more = random.Next(4) == 0 ? cursor.SeekLast() : cursor.Seek(Key(random));
        for (var i = 0; more && i < 4; i++)
        {
            trace.Append(Convert.ToHexString(cursor.Key)).Append(' ');
            more = cursor.MoveNext();
        }

        return trace.Append(more).Append(' ').ToString();
    }

    /// <summary>Few first bytes, so that operations meet; now and then the longest.</summary>
    private static byte[] Key(Random random)
    {
        var key = new byte[random.Next(30) == 0 ? BucketLimits.MaxKeyBytes : 1 + random.Next(3)];
        random.NextBytes(key);
        key[0] = (byte)(random.Next(8) * 36);
        return key;
    }

    private static byte[] High(Random random) => random.Next(3) == 0 ? [] : Key(random);
}
