using Microsoft.Extensions.Logging;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Store.Lmdb;
using Raftd.Wal;

namespace Raftd.Node;

/// <summary>A member that was opened, and its state; both are the caller's to dispose, the member first.</summary>
internal readonly record struct StartedMember(RaftdMember Member, StateDirectory State);

/// <summary>From an identity to an opened member: the part of a start that touches the log and the state.</summary>
internal static class MemberStart
{
    internal const string LogFolder = "wal";
    private const string SpoolFolder = "spool";

    // Address space costs nothing, and a map that has to grow makes readers wait. Free pages and the tree around the data take
    // less than three quotas besides the one of the data.
    private const long MapQuotas = 4;

    /// <remarks>The caller holds the directory's lock and has read or made the identity.</remarks>
    /// <exception cref="FatalStopException">The directory had a log, and it is gone.</exception>
    /// <exception cref="WalCorruptException">Damage below what was synced.</exception>
    public static StartedMember Run(
        NodeOptions options, IdentityFile file, MemberIdentity identity, IPeerTransport peers, TimeProvider time, ILogger logger)
    {
        var logDirectory = Path.Combine(options.DataDirectory, LogFolder);
        RequireLog(options.DataDirectory, logDirectory, identity);
        var state = StateDirectory.Open(
            options.DataDirectory,
            new LmdbBucketStoreOptions { InitialMapSizeBytes = Math.Max(LmdbBucketStoreOptions.UsualMapSizeBytes, MapQuotas * options.QuotaBytes) });
        RaftdMember? member = null;
        try
        {
            var first = identity is { IsFounder: true, HasStarted: false } ? Founding.First(identity, options) : null;
            member = RaftdMember.Open(MemberTuning.Of(options, identity, first), new MemberSeams
            {
                Files = new PosixFileSystem(),
                LogDirectory = logDirectory,
                SpoolDirectory = Path.Combine(options.DataDirectory, SpoolFolder),
                State = state,
                Peers = peers,
                Time = time,
                Random = new SeededRandom(Random.Shared.Next()),
                Logger = logger,
            });
            NoteStarted(file, identity);
            return new StartedMember(member, state);
        }
        catch
        {
            member?.Dispose();
            state.Dispose();
            throw;
        }
    }

    /// <summary>A member without its log has lost its votes and acknowledgements, even if member.json is there.</summary>
    private static void RequireLog(string dataDirectory, string logDirectory, MemberIdentity identity)
    {
        if (identity.HasStarted && !(Directory.Exists(logDirectory) && Directory.EnumerateFiles(logDirectory, "*.wal").Any()))
        {
            throw new FatalStopException(
                FatalReason.IdentityRefused,
                $"{dataDirectory} belongs to member {identity.Label} and its log is gone",
                "remove this member from its cluster, empty the data directory and join it again");
        }
    }

    private static void NoteStarted(IdentityFile file, MemberIdentity identity)
    {
        if (!identity.HasStarted)
        {
            file.Save(identity with { HasStarted = true });
        }
    }
}
