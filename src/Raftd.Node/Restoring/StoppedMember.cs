using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.Store;
using Raftd.Store.Buckets;
using Raftd.Store.Lmdb;
using Raftd.Store.Snapshots;
using Raftd.Wal;

namespace Raftd.Node.Restoring;

/// <summary>The data directory of a member that does not run, open for reading: nothing in it is made or changed.</summary>
/// <remarks>Its lock is held, so that no member starts on it meanwhile.</remarks>
internal sealed class StoppedMember : IDisposable
{
    /// <summary>Data of entries in memory at a time.</summary>
    private const long BatchBytes = 4 << 20;

    /// <summary>Of changes that are not in the new state's store yet.</summary>
    private const long FlushBytes = 16 << 20;

    private readonly DirectoryLock? _lock;
    private readonly ReadOnlyLog? _log;
    private readonly ReadOnlyState? _state;
    private readonly ulong _firstBehindState; // of the entries that follow the state; beyond the log's last where none do

    private StoppedMember(PosixFileSystem files, string directory, MemberIdentity identity)
    {
        _lock = DirectoryLock.AcquireForReading(directory);
        try
        {
            _log = ReadOnlyLog.Open(files, Path.Combine(directory, MemberStart.LogFolder));
            var (stored, stateDamage) = Describe(_state = OpenState(directory, out var openDamage));
            var applied = new EntryId(stored?.Term ?? 0, stored?.Index ?? 0);
            var isInLog = RaftdMember.IsInLog(applied, _log.FirstIndex, _log.LastIndex, _log.Term);
            _firstBehindState = stored is null ? _log.FirstIndex : isInLog ? applied.Index + 1 : _log.LastIndex + 1;
            Report = new DirectoryReport
            {
                Directory = directory,
                ClusterId = identity.ClusterId,
                MemberId = identity.MemberId,
                Label = identity.Label,
                Last = stored is null || isInLog ? new EntryId(_log.Term(_log.LastIndex), _log.LastIndex) : applied,
                Applied = applied,
                Revision = (long)(stored?.StoreRevision ?? 0),
                Commit = Math.Max(_log.State.Commit, applied.Index),
                Members = MembersOf(NewestConfiguration(stored)),
                IsRecovering = _log.State.Recovering,
                LogDamage = DamageOf(_log, applied, stateIsReadable: stored is not null),
                StateDamage = openDamage ?? stateDamage,
                FencedBecause = identity.FencedBecause,
            };
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public DirectoryReport Report { get; }

    /// <exception cref="FatalStopException">It is no member's, its member runs, or a newer build or a failing disk keeps it from
    /// being read.</exception>
    public static StoppedMember Open(string directory)
    {
        try
        {
            var files = new PosixFileSystem();
            return new StoppedMember(files, directory, Identify(files, directory));
        }
        catch (Exception failure)
        {
            throw FatalStops.Of(failure, directory);
        }
    }

    /// <summary>Makes the state of an empty directory what this member's would be with its whole log applied.</summary>
    /// <exception cref="BucketStoreException">Corrupt: a pair of the state here is not what was stored; or the other disk.</exception>
    /// <exception cref="WalCorruptException">The disk no longer has what the log had when it was opened.</exception>
    /// <exception cref="Raftd.State.Commands.NewerLevelException">An entry is of a newer build than this one.</exception>
    public void CopyTo(IStateDirectory directory)
    {
        if (Report.Applied.Index > 0)
        {
            using var reader = _state!.BeginRead();
            NewState.Copy(directory, reader);
        }

        using var state = StateMachine.Open(directory, new StoreOptions());
        foreach (var entries in Tail())
        {
            Apply(state, entries);
            if (state.UnflushedBytes.Active >= FlushBytes)
            {
                Flush(state);
            }
        }

        Flush(state);
        Invariant.Check(
            state.FlushedIndex == Report.Last.Index, $"replayed the log up to {state.FlushedIndex}, and it ends at {Report.Last}");
    }

    public void Dispose()
    {
        _state?.Dispose();
        _log?.Dispose();
        _lock?.Dispose();
    }

    private static MemberIdentity Identify(PosixFileSystem files, string directory)
    {
        var identity = new IdentityFile(files, directory).Load();
        return identity is { HasStarted: true } ? identity : throw new FatalStopException(
            FatalReason.DataDirectoryUnusable,
            identity is null ? $"{directory} is no data directory: it has no member.json" : $"the member of {directory} has never started",
            identity is { IsFounder: true } ? "start it: there is nothing to recover" : "name directories that members of the cluster ran on");
    }

    private static ReadOnlyState? OpenState(string directory, out string? damage)
    {
        damage = null;
        try
        {
            var state = ReadOnlyState.Open(directory);
            damage = state is null ? "it is gone" : null;
            return state;
        }
        catch (BucketStoreException corrupt) when (corrupt.Fault == BucketStoreFault.Corrupt)
        {
            damage = corrupt.Message;
            return null;
        }
    }

    private static (SnapshotMeta? Stored, string? Damage) Describe(ReadOnlyState? state)
    {
        try
        {
            using var reader = state?.BeginRead();
            return (reader is null ? null : NewState.Describe(reader), null);
        }
        catch (BucketStoreException corrupt) when (corrupt.Fault == BucketStoreFault.Corrupt)
        {
            return (null, corrupt.Message);
        }
    }

    private static string? DamageOf(ReadOnlyLog log, EntryId applied, bool stateIsReadable)
    {
        if (log.Damage is { } damage)
        {
            return $"segment {damage.Segment:x16}.wal at byte {damage.Offset}: {damage.Reason}";
        }

        if (log.IsMissing)
        {
            return "it is gone";
        }

        return stateIsReadable && applied.Index + 1 < log.FirstIndex
            ? $"it begins with entry {log.FirstIndex}, and the state ends with {applied.Index}"
            : null;
    }

    private static IReadOnlyList<ConfiguredMember> MembersOf(Configuration configuration) =>
    [
        .. MemberTable.Decode(configuration.Context.Span).Members
            .OrderBy(static member => member.Name, StringComparer.Ordinal)
            .Select(member => new ConfiguredMember(member.Id, member.Name, configuration.IsVoter(new NodeId(member.Id)))),
    ];

    /// <summary>That of the log's newest entry with one counts, committed or not (Raft thesis 4.1).</summary>
    private Configuration NewestConfiguration(SnapshotMeta? stored)
    {
        var newest = stored?.Configuration ?? default;
        foreach (var entry in Tail().SelectMany(static entries => entries))
        {
            newest = entry.Kind == EntryKind.Configuration ? entry.Data : newest;
        }

        return Configurations.Decode(newest);
    }

    /// <summary>The entries behind the state, in pieces.</summary>
    private IEnumerable<IReadOnlyList<Entry>> Tail()
    {
        for (var next = _firstBehindState; next <= _log!.LastIndex;)
        {
            var entries = WalRaftStorage.EntriesOf(_log.Read(next, BatchBytes));
            next += (ulong)entries.Length;
            yield return entries;
        }
    }

    private static void Apply(StateMachine state, IReadOnlyList<Entry> entries)
    {
        foreach (var entry in entries)
        {
            var result = EntryApply.Begin(state, entry, isAsked: false);
            while (result is null)
            {
                result = state.ApplySlice();
            }
        }

        state.Publish();
    }

    private static void Flush(StateMachine state)
    {
        if (state.TryFreeze(out var frozen))
        {
            state.Flush(frozen);
        }
    }
}
