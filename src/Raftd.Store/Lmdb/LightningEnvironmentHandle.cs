using System.Runtime.InteropServices;

namespace Raftd.Store.Lmdb;

/// <summary>MDB_env. Every transaction holds a reference, so the map stays until the last of them has ended.</summary>
internal sealed class LightningEnvironmentHandle : SafeHandle
{
    public LightningEnvironmentHandle(nint environment)
        : base(0, ownsHandle: true) => SetHandle(environment);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        LmdbNative.mdb_env_close(handle);
        return true;
    }
}
