using System.Runtime.InteropServices;
using Raftd.Store.Buckets;

namespace Raftd.Store.Lmdb;

/// <summary>The machine has no LMDB, or one whose structures are laid out otherwise.</summary>
public sealed class LmdbMissingException(string message) : BucketStoreException(BucketStoreFault.Unavailable, message);

internal static class LmdbLibrary
{
    /// <summary>Says in plain words what to install, before the first call would say DllNotFoundException.</summary>
    public static void Require(string library = LmdbNative.Library)
    {
        if (!NativeLibrary.TryLoad(library, typeof(LmdbLibrary).Assembly, searchPath: null, out _))
        {
            throw new LmdbMissingException(
                $"raftd keeps its state in LMDB and cannot load {library}; install it: apt-get install liblmdb0");
        }

        _ = LmdbNative.mdb_version(out var major, out var minor, out var patch);
        if ((major, minor) != (0, 9))
        {
            throw new LmdbMissingException(
                $"raftd needs LMDB 0.9 and {library} is {major}.{minor}.{patch}; install it: apt-get install liblmdb0");
        }
    }
}
