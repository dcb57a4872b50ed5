using Raftd.Node;

namespace Raftd.Cli;

/// <summary>Gives each reason of the node its exit code.</summary>
internal static class Fatal
{
    public static FatalError Of(FatalStopException stop) => new(CodeOf(stop.Reason), stop.What, stop.Remedy);

    private static ExitCode CodeOf(FatalReason reason) => reason switch
    {
        FatalReason.DataDirectoryUnusable => ExitCode.DataDirectoryUnusable,
        FatalReason.DataDirectoryLocked => ExitCode.DataDirectoryLocked,
        FatalReason.PeerAddressInUse => ExitCode.AddressInUse,
        FatalReason.IdentityRefused => ExitCode.IdentityRefused,
        FatalReason.FoundingRefused => ExitCode.FoundingRefused,
        FatalReason.JoinFailed => ExitCode.JoinRefused,
        FatalReason.LibraryMissing => ExitCode.LibraryMissing,
        FatalReason.DiskFull => ExitCode.DiskFull,
        FatalReason.StorageFailed => ExitCode.SyncFailed,
        FatalReason.LogCorrupt => ExitCode.LogCorrupt,
        FatalReason.StateCorrupt => ExitCode.StateCorrupt,
        FatalReason.LossNotAccepted => ExitCode.LossNotAccepted,
        FatalReason.NewerLevel => ExitCode.NewerLevel,
        _ => ExitCode.InvariantBroken,
    };
}
