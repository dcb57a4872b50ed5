// One member without threads or clocks: the core as shipped, the disk that a crash leaves, and the writes that it loses.
// The tests of the core and the exploration of its states drive it by the same rules, those of docs/raft.md:
//
//   1. Ready.Messages leave at once.
//   2. A Ready that writes, or whose messages wait for a write, joins a queue. When the oldest write is on disk its
//      messages leave, and the core is told.
//   3. What is committed, or taken in as a snapshot, is applied at once.
//   4. Entries for peers are read when the test says so, from what the disk has by then.

using Raftd.Raft;

namespace Raftd.Testing.Cores;

/// <summary>See the top of the file. What leaves, and when the rest happens, is the test's.</summary>
/// <remarks>The exploration tells states apart by all fields of a member: one that decides nothing does not belong here.</remarks>
public abstract class CoreMember
{
    private readonly Queue<CoreWrite> _writes = new();
    private ulong _starts;
    private ulong _applied;

    /// <param name="id">Of the member.</param>
    /// <param name="disk">What it starts with.</param>
    protected CoreMember(ulong id, CoreDisk disk)
    {
        Id = new NodeId(id);
        Disk = disk;
    }

    public NodeId Id { get; }

    public CoreDisk Disk { get; }

    public RaftNode Node { get; private set; } = null!;

    /// <summary>How many wait for the disk.</summary>
    public int Writes => _writes.Count;

    public bool IsWriting => _writes.Count > 0;

    /// <summary>What the state has: the last entry applied, or the snapshot.</summary>
    protected ulong AppliedIndex => _applied;

    /// <summary>Takes one Ready and does everything with it but the disk.</summary>
    public Ready TakeReady()
    {
        var ready = Node.TakeReady();
        Send(ready.Messages);
        if (ready.HardState is not null || ready.Entries.Count > 0 || ready.MessagesAfterDurable.Count > 0 || ready.Snapshot is not null)
        {
            _writes.Enqueue(new CoreWrite(
                ready.Sequence, ready.HardState, ready.Entries, ready.Snapshot?.Metadata, ready.MessagesAfterDurable));
        }

        if (ready.Snapshot is { } snapshot)
        {
            Apply(snapshot.Metadata.Id.Index);
        }

        if (ready.Committed.Count > 0)
        {
            Apply(ready.Committed[^1].Index);
        }

        Handle(ready);
        return ready;
    }

    /// <summary>The oldest write under way reaches the disk.</summary>
    public virtual CoreWrite CompleteWrite()
    {
        var write = _writes.Dequeue();
        if (write.Snapshot is { } snapshot)
        {
            Disk.Restart(snapshot);
        }

        Disk.Append(write.Entries);
        Disk.HardState = write.HardState ?? Disk.HardState;
        Send(write.Messages);
        Report(write.Sequence);
        return write;
    }

    /// <summary>Hands in entries for a peer, as far as the disk has them.</summary>
    protected void HandIn(EntriesWanted wanted)
    {
        var high = Math.Min(wanted.High, Disk.LastIndex + 1);
        var isThere = wanted.Low >= Disk.FirstIndex && wanted.Low < high;
        Node.EntriesRead(wanted, isThere ? Disk.Entries(wanted.Low, high, wanted.MaxBytes) : []);
    }

    /// <summary>Starts, for the first time or again, with what is on disk; what waits for the disk is lost.</summary>
    protected void Start()
    {
        _writes.Clear();
        _applied = Disk.Base.Index;
        Node = Open((1000 * Id.Value) + (100 * _starts++), new RaftBootState
        {
            HardState = Disk.HardState,
            Configuration = Disk.BaseConfiguration,
            ConfigurationIndex = Disk.BaseConfigurationIndex,
            AppliedIndex = Disk.Base.Index,
        });
    }

    /// <summary>The core on <see cref="Disk"/>.</summary>
    /// <param name="readIdSeed">Another one at each start.</param>
    /// <param name="boot">What the disk has.</param>
    protected abstract RaftNode Open(ulong readIdSeed, RaftBootState boot);

    protected abstract void Send(IReadOnlyList<Message> messages);

    /// <summary>Reads, entries and snapshots for peers, events.</summary>
    protected abstract void Handle(Ready ready);

    /// <summary>Everything up to this Ready is durable: tells the core.</summary>
    protected virtual void Report(ulong sequence) => Node.Durable(sequence);

    private void Apply(ulong index)
    {
        _applied = index;
        Node.Applied(index);
    }
}
