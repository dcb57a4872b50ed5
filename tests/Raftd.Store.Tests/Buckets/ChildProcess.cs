using System.Diagnostics;
using System.Runtime.CompilerServices;
using Raftd.Store.Buckets;
using Raftd.Store.Lmdb;
using Raftd.Testing.Processes;

namespace Raftd.Store.Tests.Buckets;

/// <summary>
/// This test program run once more, as the victim of a kill: with the variable set it commits numbers to a store, says
/// each one after its commit has returned, and never comes to its tests.
/// </summary>
internal static class ChildProcess
{
    private const string PathVariable = "RAFTD_STORE_TESTS_CHILD";

    public static Process Start(string storePath)
    {
        var start = new ProcessStartInfo(Subprocess.ThisProgram)
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
            Environment = { [PathVariable] = storePath },
        };
        return Process.Start(start)!;
    }

    [ModuleInitializer]
    internal static void RunIfChild()
    {
        if (Environment.GetEnvironmentVariable(PathVariable) is { } path)
        {
            Run(path);
            Environment.Exit(0);
        }
    }

    private static void Run(string path)
    {
        try
        {
            using var store = LmdbBucketStore.Open(path, new LmdbBucketStoreOptions { InitialMapSizeBytes = 1 << 20 });
            var first = store.Get(Bucket.Meta, [0]) is { } last ? BitConverter.ToInt32(last) + 1 : 1;
            for (var i = first; ; i++)
            {
                store.Write(writer =>
                {
                    writer.Put(Bucket.Meta, [0], BitConverter.GetBytes(i));
                    writer.Put(Bucket.Revisions, BitConverter.GetBytes(i), new byte[i % 6000]);
                    writer.Put(Bucket.Meta, [1], BitConverter.GetBytes(i));
                });
                Console.WriteLine(i);
            }
        }
        catch (BucketStoreException e)
        {
            Console.WriteLine(e.Fault);
        }
    }
}
