// A new cluster out of what a cluster that has lost its quorum left behind.
//
// The directories are looked at together, with their locks held and nothing in them changed (StoppedMember); which of them the
// new cluster is made of, and what that may lose, is decided from what they say (RecoveryPlan). The new directory gets the state
// of that one pair by pair, each checked, and the whole log behind it is applied as a member would apply it. Then it is what a
// restored backup is: one voter, ids of its own, nothing of the former membership (FirstMember).

using Raftd.Store.Buckets;
using Raftd.Store.Lmdb;
using Raftd.Store.Snapshots;
using Raftd.Wal;

namespace Raftd.Node.Restoring;

public sealed record RecoveryOptions
{
    /// <summary>Of the new member; missing, or empty.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>What the member is started with as -id.</summary>
    public required string Label { get; init; }

    /// <summary>As of <see cref="NewState.Complete"/>.</summary>
    public long RaiseRevisionBy { get; init; }

    /// <summary>False refuses where the plan names a loss.</summary>
    public bool AcceptLoss { get; init; }
}

/// <summary>What a recovery has made.</summary>
/// <param name="ClusterId">Of the new cluster.</param>
/// <param name="Revision">Of the state, the log replayed.</param>
public sealed record RecoveredMember(ulong ClusterId, long Revision);

/// <summary>The directories of stopped members of one cluster, open until it is disposed.</summary>
public sealed class Recovery : IDisposable
{
    private readonly List<StoppedMember> _members = [];

    private Recovery(IReadOnlyList<string> directories)
    {
        try
        {
            foreach (var directory in directories.DistinctBy(FullPathOf, StringComparer.Ordinal))
            {
                _members.Add(StoppedMember.Open(directory));
                RequireFitting(_members[^1].Report);
            }

            Directories = [.. _members.Select(static member => member.Report)];
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IReadOnlyList<DirectoryReport> Directories { get; }

    /// <exception cref="FatalStopException">None can be used.</exception>
    public RecoveryPlan Plan => field ??= RecoveryPlan.Of(Directories);

    /// <param name="directories">At least one.</param>
    /// <exception cref="FatalStopException">One is no member's, or its member runs; they are not of one cluster.</exception>
    public static Recovery Open(IReadOnlyList<string> directories) => new(directories);

    /// <exception cref="FatalStopException">None can be used, a loss was not accepted, a directory holds something, damage, or a disk.</exception>
    public RecoveredMember Make(RecoveryOptions options)
    {
        if (Plan.Losses.Count > 0 && !options.AcceptLoss)
        {
            throw new FatalStopException(
                FatalReason.LossNotAccepted,
                $"acknowledged writes may be lost, and nothing was made: {string.Join("; ", Plan.Losses)}",
                "bring the missing directories if there are any; otherwise say -accept-loss");
        }

        var source = _members.Single(member => ReferenceEquals(member.Report, Plan.Source));
        var revision = 0L;
        try
        {
            var clusterId = FirstMember.Make(
                options.DataDirectory, options.Label, work => revision = FillState(source, work, options.RaiseRevisionBy));
            return new RecoveredMember(clusterId, revision);
        }
        catch (WalCorruptException damage)
        {
            throw Damaged(damage);
        }
        catch (BucketStoreException damage) when (damage.Fault == BucketStoreFault.Corrupt)
        {
            throw Damaged(damage);
        }
        catch (Exception failure) when (failure is not FatalStopException)
        {
            throw FatalStops.Of(failure, options.DataDirectory);
        }
    }

    public void Dispose() => _members.ForEach(static member => member.Dispose());

    private long FillState(StoppedMember source, string work, long raiseRevisionBy)
    {
        using var state = StateDirectory.Open(work);
        source.CopyTo(state);
        if (NewState.Complete(state, raiseRevisionBy) is { } contradiction)
        {
            throw Damaged(contradiction);
        }

        using var reader = state.Current.BeginRead();
        return (long)NewState.Describe(reader).StoreRevision;
    }

    private static string FullPathOf(string directory) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));

    private void RequireFitting(DirectoryReport added)
    {
        foreach (var other in _members.Select(static member => member.Report).Where(other => !ReferenceEquals(other, added)))
        {
            if (other.ClusterId != added.ClusterId)
            {
                throw Unfitting(
                    $"{added.Directory} is of the cluster {added.ClusterId:x16}, {other.Directory} of {other.ClusterId:x16}",
                    "name directories of one cluster");
            }

            if (other.MemberId == added.MemberId)
            {
                throw Unfitting(
                    $"{added.Directory} and {other.Directory} are both of the member {added.Label}", "name the newer of them alone");
            }
        }
    }

    private static FatalStopException Unfitting(string what, string remedy) => new(FatalReason.IdentityRefused, what, remedy);

    private FatalStopException Damaged(Exception damage) => Damaged(damage.Message, damage);

    private FatalStopException Damaged(string what, Exception? cause = null) => new(
        FatalReason.StateCorrupt,
        $"{Plan.Source.Directory} cannot be copied, and nothing was made: {what}",
        "leave it out and recover from the others, or restore a backup (raftd snapshot restore)",
        cause);
}
