using Raftd.State.Keyspaces;

namespace Raftd.State.Leases;

/// <summary>The leases as the command that is being executed sees and changes them: by id, by name, and the keys of each. It
/// knows no rule about them (LeaseApplier does). One thread.</summary>
public interface ILeaseTable
{
    LeaseRecord? Find(long id);

    bool IsNameTaken(ReadOnlySpan<byte> name);

    /// <summary>Adds a lease, or puts another record in the place of one.</summary>
    void Set(LeaseRecord lease);

    void Remove(LeaseRecord lease);

    /// <summary>A key that was not attached, or was detached before.</summary>
    void Attach(long id, byte[] key, LeaseKeyRecord record);

    void Detach(long id, byte[] key);

    /// <summary>Detaches all keys of a range, for a keyspace that deletes them in one stroke. A hidden lease is owned by its key and ends
    /// with it.</summary>
    /// <param name="range">Of keys that are deleted.</param>
    /// <param name="changes">Takes in what that comes to.</param>
    /// <returns>The logical bytes of the leases that ended.</returns>
    long DetachAll(KeyRange range, List<LeaseChange> changes) =>
        throw new InvariantViolationException("keys are deleted in one stroke, and their leases know only of one by one");

    LeaseKeyRecord? FindKey(long id, ReadOnlySpan<byte> key);

    /// <summary>Changes what is stored of an attached key.</summary>
    void Store(long id, byte[] key, LeaseKeyRecord record);

    /// <summary>How many keys a lease has, without a look at each.</summary>
    long CountKeys(long id);

    bool HasKeys(long id);

    /// <summary>The first keys of the lease, at most so many.</summary>
    List<byte[]> KeysOf(long id, int max);
}
