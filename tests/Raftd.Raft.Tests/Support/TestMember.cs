namespace Raftd.Raft.Tests.Support;

/// <summary>One member without threads: the core, the log that a crash leaves, and the writes that a crash loses.</summary>
internal sealed class TestMember
{
    private readonly Func<RaftOptions, RaftOptions> _tune;
    private readonly IRandomSource _random;
    private readonly Queue<Ready> _writing = new();
    private Configuration _baseConfiguration;
    private ulong _baseConfigurationIndex;
    private HardState _hardState;
    private HardState _previousHardState;
    private ulong _starts;

    public TestMember(
        ulong id, Configuration founding, IRandomSource random, Func<RaftOptions, RaftOptions>? tune = null,
        ulong term = 0, IReadOnlyList<Entry>? log = null)
    {
        Id = new NodeId(id);
        _baseConfiguration = founding;
        _random = random;
        _tune = tune ?? (options => options);
        _hardState = new HardState(term, NodeId.None, 0, Recovering: false);
        Storage.Append(log ?? []);
        Node = Start();
    }

    public NodeId Id { get; }

    public MemoryStorage Storage { get; } = new();

    public RaftNode Node { get; private set; }

    public List<Message> Outbox { get; } = [];

    /// <summary>Everything applied since the last start, with the entries a snapshot stands for left out.</summary>
    public List<Entry> Applied { get; } = [];

    public List<ReadState> Reads { get; } = [];

    public List<ulong> FailedReads { get; } = [];

    public List<NodeId> SnapshotsToSend { get; } = [];

    /// <summary>Asked of the log for a peer, and not handed in yet.</summary>
    public Queue<EntriesWanted> EntriesWanted { get; } = new();

    public List<RaftEvent> Events { get; } = [];

    public HardState HardState => _hardState;

    public bool IsWriting => _writing.Count > 0;

    /// <summary>The snapshot this member could stream: its state as applied.</summary>
    public SnapshotMetadata Snapshot(ulong index) => new(
        new EntryId(Storage.Term(index), index),
        ConfigurationAt(index, out var configurationIndex),
        configurationIndex);

    /// <summary>Takes one Ready and does everything with it but the disk.</summary>
    public Ready TakeReady()
    {
        var ready = Node.TakeReady();
        Outbox.AddRange(ready.Messages);
        Reads.AddRange(ready.ReadStates);
        FailedReads.AddRange(ready.FailedReads);
        SnapshotsToSend.AddRange(ready.SnapshotsToSend);
        foreach (var wanted in ready.EntriesWanted)
        {
            EntriesWanted.Enqueue(wanted);
        }

        Events.AddRange(ready.Events);
        Applied.AddRange(ready.Committed);
        if (ready.HardState is not null || ready.MustSync || ready.MessagesAfterDurable.Count > 0)
        {
            _writing.Enqueue(ready);
        }

        if (ready.Committed.Count > 0)
        {
            Node.Applied(ready.Committed[^1].Index);
        }

        return ready;
    }

    /// <summary>The log answers the oldest question for entries, with what it has by then.</summary>
    public void HandInEntries()
    {
        var wanted = EntriesWanted.Dequeue();
        var high = Math.Min(wanted.High, Storage.LastIndex + 1);
        var isThere = wanted.Low >= Storage.FirstIndex && wanted.Low < high;
        Node.EntriesRead(wanted, isThere ? Storage.Entries(wanted.Low, high, wanted.MaxBytes) : []);
    }

    /// <summary>The oldest write under way reaches the disk.</summary>
    public Ready CompleteWrite()
    {
        var ready = _writing.Dequeue();
        if (ready.Snapshot is { } snapshot)
        {
            Storage.Restart(snapshot.Metadata.Id);
            _baseConfiguration = snapshot.Metadata.Configuration;
            _baseConfigurationIndex = snapshot.Metadata.ConfigurationIndex;
        }

        Storage.Append(ready.Entries);
        if (ready.HardState is { } hardState)
        {
            _previousHardState = _hardState;
            _hardState = hardState;
        }

        Outbox.AddRange(ready.MessagesAfterDurable);
        Node.Durable(ready.Sequence);
        return ready;
    }

    /// <summary>Loses all that is not on disk and starts again from what is.</summary>
    /// <param name="damaged">The log found its tail damaged: <paramref name="lostEntries"/> durable entries are gone too.</param>
    /// <param name="lostEntries">How many.</param>
    /// <param name="lostHardState">The last term and vote are gone with them.</param>
    public void Crash(bool damaged = false, int lostEntries = 0, bool lostHardState = false)
    {
        _writing.Clear();
        Outbox.Clear();
        Applied.Clear();
        SnapshotsToSend.Clear();
        EntriesWanted.Clear();
        Events.Clear();
        _hardState = lostHardState ? _previousHardState with { Recovering = _hardState.Recovering } : _hardState;
        if (lostEntries > 0)
        {
            var keep = Math.Max(Storage.Base.Index, Storage.LastIndex - Math.Min(Storage.LastIndex, (ulong)lostEntries));
            Storage.TruncateFrom(keep + 1);
        }

        _hardState = _hardState with { Recovering = _hardState.Recovering || damaged };
        Node = Start();
    }

    public void Compact(ulong index)
    {
        var snapshot = Snapshot(index);
        _baseConfiguration = snapshot.Configuration;
        _baseConfigurationIndex = snapshot.ConfigurationIndex;
        Storage.CompactTo(index);
    }

    private RaftNode Start() => new(
        _tune(TestOptions.For(Id.Value, (1000 * Id.Value) + (100 * _starts++))),
        Storage,
        _random,
        new RaftBootState
        {
            HardState = _hardState,
            Configuration = _baseConfiguration,
            ConfigurationIndex = _baseConfigurationIndex,
            AppliedIndex = Storage.Base.Index,
        });

    private Configuration ConfigurationAt(ulong index, out ulong configurationIndex)
    {
        var configuration = _baseConfiguration;
        configurationIndex = _baseConfigurationIndex;
        foreach (var entry in Storage.All)
        {
            if (entry.Index <= index && entry.Kind == EntryKind.Configuration)
            {
                Assert.True(Configuration.TryDecode(entry.Data.Span, out var found));
                configuration = found;
                configurationIndex = entry.Index;
            }
        }

        return configuration;
    }
}
