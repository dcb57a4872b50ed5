using Raftd.Testing.Cores;

namespace Raftd.Raft.Tests.Support;

/// <summary>A member that keeps all it does for the test to look at.</summary>
internal sealed class TestMember : CoreMember
{
    private readonly Func<RaftOptions, RaftOptions> _tune;
    private readonly IRandomSource _random;
    private HardState _previousHardState;

    public TestMember(
        ulong id, Configuration founding, IRandomSource random, Func<RaftOptions, RaftOptions>? tune = null,
        ulong term = 0, IReadOnlyList<Entry>? log = null)
        : base(id, new CoreDisk(founding) { HardState = new HardState(term, NodeId.None, 0, Recovering: false) })
    {
        _random = random;
        _tune = tune ?? (options => options);
        Disk.Append(log ?? []);
        Start();
    }

    public List<Message> Outbox { get; } = [];

    /// <summary>Everything applied since the last start, with the entries a snapshot stands for left out.</summary>
    public List<Entry> Applied { get; } = [];

    public List<ReadState> Reads { get; } = [];

    public List<ulong> FailedReads { get; } = [];

    public List<NodeId> SnapshotsToSend { get; } = [];

    /// <summary>Asked of the log for a peer, and not handed in yet.</summary>
    public Queue<EntriesWanted> EntriesWanted { get; } = new();

    public List<RaftEvent> Events { get; } = [];

    public override CoreWrite CompleteWrite()
    {
        var before = Disk.HardState;
        var write = base.CompleteWrite();
        _previousHardState = write.HardState is null ? _previousHardState : before;
        return write;
    }

    /// <summary>The log answers the oldest question for entries, with what it has by then.</summary>
    public void HandInEntries() => HandIn(EntriesWanted.Dequeue());

    /// <summary>Loses all that is not on disk and starts again from what is.</summary>
    /// <param name="damaged">The log found its tail damaged: <paramref name="lostEntries"/> durable entries are gone too.</param>
    /// <param name="lostEntries">How many.</param>
    /// <param name="lostHardState">The last term and vote are gone with them.</param>
    public void Crash(bool damaged = false, int lostEntries = 0, bool lostHardState = false)
    {
        Outbox.Clear();
        Applied.Clear();
        SnapshotsToSend.Clear();
        EntriesWanted.Clear();
        Events.Clear();
        if (lostEntries > 0)
        {
            var keep = Math.Max(Disk.Base.Index, Disk.LastIndex - Math.Min(Disk.LastIndex, (ulong)lostEntries));
            Disk.TruncateFrom(keep + 1);
        }

        var found = lostHardState ? _previousHardState : Disk.HardState;
        Disk.HardState = found with { Recovering = Disk.HardState.Recovering || damaged };

        // As the log does: an entry tells of its term even where the record of the term is torn off.
        var lastTerm = Disk.Term(Disk.LastIndex);
        if (lastTerm > Disk.HardState.Term)
        {
            Disk.HardState = Disk.HardState with { Term = lastTerm, Vote = NodeId.None };
        }

        Start();
    }

    protected override RaftNode Open(ulong readIdSeed, RaftBootState boot) =>
        new(_tune(TestOptions.For(Id.Value, readIdSeed)), Disk, _random, boot);

    protected override void Send(IReadOnlyList<Message> messages) => Outbox.AddRange(messages);

    protected override void Handle(Ready ready)
    {
        Reads.AddRange(ready.ReadStates);
        FailedReads.AddRange(ready.FailedReads);
        SnapshotsToSend.AddRange(ready.SnapshotsToSend);
        foreach (var wanted in ready.EntriesWanted)
        {
            EntriesWanted.Enqueue(wanted);
        }

        Events.AddRange(ready.Events);
        Applied.AddRange(ready.Committed);
    }
}
