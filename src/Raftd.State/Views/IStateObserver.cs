// The parts that are told what was applied: waiters, the lessor, later watches.
//
// Each publish goes through its observers in the order in which they were added, on the apply thread, after the view shows
// what they are told and before a client has an answer. So an observer that looks at the view sees at least what it is
// told, and a client that has its answer finds every observer done.

using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.State.Views;

/// <summary>Told of each publish that changed something. On the apply thread: what takes long belongs elsewhere.</summary>
public interface IStateObserver
{
    void OnPublished(PublishedChanges changes);

    /// <summary>A snapshot has brought a state whose changes were not seen one by one. The view shows it.</summary>
    void OnReplaced();
}

/// <summary>What the entries since the last publish have changed, in order.</summary>
/// <param name="Keys">May be kept.</param>
/// <param name="Leases">Only good until the observer returns.</param>
public readonly record struct PublishedChanges(List<RevisionRecord> Keys, List<LeaseChange> Leases);
