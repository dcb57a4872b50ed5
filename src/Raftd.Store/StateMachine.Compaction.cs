// Compaction, logical at once and physical behind it.
//
//   1. The entry makes everything below its revision unreadable and takes the bytes out of the count that the quota bounds:
//      that is replicated, and done in one step.
//   2. CleanIndex takes the dead versions out of the index, some keys with each entry, freeze, and idle step.
//   3. A flush deletes the dead records from the store, some at a time (StoreOptions.MaxDeletesPerFlush).
//
// How far 2 and 3 have come is each member's own and in no hash. A restart finds by the compact revision what is left to do.

namespace Raftd.Store;

public sealed partial class StateMachine
{
    /// <summary>Guards the two fields below. Tasks are completed outside it.</summary>
    private readonly Lock _deletionLock = new();

    private readonly List<(long Revision, TaskCompletionSource Deleted)> _awaitingDeletion = [];
    private long _deletedThrough;

    /// <summary>Cleans a little of the index behind a compaction; on the apply thread while it has nothing else to do.</summary>
    /// <returns>False when nothing is left.</returns>
    public bool CleanSome() => _state.Executor.UnfinishedEntry is null && _state.Keyspace.CleanIndex(CleanedKeysPerEntry);

    /// <summary>Ends when what an applied compaction to this revision has killed is gone from this member's store.</summary>
    public Task DeletionOf(long revision)
    {
        lock (_deletionLock)
        {
            if (_deletedThrough >= revision)
            {
                return Task.CompletedTask;
            }

            var deleted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaitingDeletion.Add((revision, deleted));
            return deleted.Task;
        }
    }

    /// <summary>A flush has deleted everything that compactions up to this revision killed.</summary>
    private void NoteDeleted(long revision)
    {
        List<(long Revision, TaskCompletionSource Deleted)> ended;
        lock (_deletionLock)
        {
            _deletedThrough = Math.Max(_deletedThrough, revision);
            ended = _awaitingDeletion.FindAll(waiting => waiting.Revision <= _deletedThrough);
            _awaitingDeletion.RemoveAll(waiting => waiting.Revision <= _deletedThrough);
        }

        ended.ForEach(static waiting => waiting.Deleted.TrySetResult());
    }
}
