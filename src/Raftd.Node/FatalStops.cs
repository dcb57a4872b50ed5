using Raftd.Peers.Http;
using Raftd.State.Commands;
using Raftd.Store.Buckets;
using Raftd.Wal;

namespace Raftd.Node;

/// <summary>The one place that maps the failure of a part to the reason with which the process ends.</summary>
internal static class FatalStops
{
    private const string JoinAgain =
        "remove this member from its cluster, empty the data directory and join it again; its peers have the data";

    public static FatalStopException Of(Exception failure, string dataDirectory) => failure switch
    {
        FatalStopException stop => stop,
        PeerAddressTakenException taken => new FatalStopException(
            FatalReason.PeerAddressInUse, taken.Message, PeerAddressTakenException.Remedy, taken),
        DirectoryLockedException locked => new FatalStopException(
            FatalReason.DataDirectoryLocked, locked.Message, "stop that process, or give this member a directory of its own", locked),
        WalCorruptException corrupt => new FatalStopException(FatalReason.LogCorrupt, corrupt.Message, JoinAgain, corrupt),
        WalVersionException version => new FatalStopException(
            FatalReason.NewerLevel, version.Message, "start a newer raftd; nothing was changed", version),
        NewerLevelException newer => new FatalStopException(
            FatalReason.NewerLevel,
            newer.Message,
            $"start a raftd that knows feature level {newer.Needed} (`raftd version` says which it knows); nothing was changed",
            newer),
        WalSpaceException full => new FatalStopException(FatalReason.DiskFull, full.Message, "free space on its disk", full),
        WalFailedException failed => new FatalStopException(
            FatalReason.StorageFailed, failed.Message, "check the disk, then start again; nothing acknowledged is lost", failed),
        StorageIoException io => new FatalStopException(
            io.IsDiskFull ? FatalReason.DiskFull : FatalReason.StorageFailed,
            io.Message,
            io.IsDiskFull ? "free space on its disk" : "check the disk, then start again",
            io),
        BucketStoreException store => OfStore(store, dataDirectory),
        _ => new FatalStopException(
            FatalReason.InvariantBroken,
            $"this should never happen: {failure.Message}",
            "please report it with the log; its peers go on without this member",
            failure),
    };

    private static FatalStopException OfStore(BucketStoreException failure, string dataDirectory) => failure.Fault switch
    {
        BucketStoreFault.Corrupt => new FatalStopException(FatalReason.StateCorrupt, failure.Message, JoinAgain, failure),
        BucketStoreFault.InUse => new FatalStopException(
            FatalReason.DataDirectoryLocked, failure.Message, $"stop the process that uses {dataDirectory}", failure),
        BucketStoreFault.Full => new FatalStopException(FatalReason.DiskFull, failure.Message, "free space on its disk", failure),
        BucketStoreFault.Unavailable => new FatalStopException(
            FatalReason.LibraryMissing, failure.Message, "install what is missing and start again", failure),
        _ => new FatalStopException(
            FatalReason.StorageFailed, failure.Message, "check the disk, then start again; nothing acknowledged is lost", failure),
    };
}
