using System.Runtime.CompilerServices;
using System.Text;
using Raftd.Exploration.Worlds;
using Raftd.Raft;

namespace Raftd.Exploration.Members;

/// <summary>One member: the core as shipped, its disk, and what is on the way to the disk.</summary>
/// <remarks>
/// Does with a Ready what the replica and its log do. Messages leave at once; a write, or messages that wait for one,
/// join a queue; when the oldest write is on disk its messages leave and the core is told, now or, with
/// <see cref="Scope.LateReports"/>, any time later. What is committed is applied at once, and told to the followers at
/// once; entries that the core wants from the disk are there at once. Each input is followed by all its Readys.
/// </remarks>
internal sealed class Member
{
    public const int ElectionTimeoutTicks = 5;

    private readonly ulong _id;
    private readonly Scope _scope;
    private readonly MessageTable _messages;
    private readonly Queue<Write> _writes = new();
    private ulong _starts;
    private ulong _unreported;
    private ulong _applied;

    /// <param name="id">1, 2 or 3.</param>
    /// <param name="scope">What may happen.</param>
    /// <param name="messages">Where messages get their numbers.</param>
    public Member(ulong id, Scope scope, MessageTable messages)
    {
        _id = id;
        _scope = scope;
        _messages = messages;
        Disk = new Disk(scope.Founding);
        Node = Start();
    }

    /// <summary>One element of the log's queue.</summary>
    private sealed record Write(
        ulong Sequence, HardState? HardState, IReadOnlyList<Entry> Entries, SnapshotInstall? Install, int[] Messages);

    public RaftNode Node { get; private set; }

    public Disk Disk { get; }

    /// <summary>What left since the last <see cref="Apply"/> began.</summary>
    public List<int> Sent { get; } = [];

    public List<ReadState> Answered { get; } = [];

    public int Writes => _writes.Count;

    public bool IsUnreported => _unreported > 0;

    public bool CanCompact => _applied > Disk.Base.Index;

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_log")]
    public static extern ref RaftLog Log(RaftNode node);

    public void Apply(MemberInput input)
    {
        Sent.Clear();
        Answered.Clear();
        Feed(input);
        HandleReady();
        while (!_scope.SlowDisks && _writes.Count > 0)
        {
            SyncOldest();
            HandleReady();
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_electionElapsed")]
    private static extern ref int ElectionElapsed(RaftNode node);

    private void Feed(MemberInput input)
    {
        switch (input.Kind)
        {
            case InputKind.Deliver:
                Deliver(_messages[input.Argument]);
                break;
            case InputKind.Sync:
                SyncOldest();
                break;
            case InputKind.Report:
                Report();
                break;
            case InputKind.Campaign or InputKind.Elect:
                Campaign();
                break;
            case InputKind.Heartbeat:
                Tick(1);
                break;
            case InputKind.Propose:
                Node.Propose([Encoding.ASCII.GetBytes([(char)('a' + input.Argument)])], out _);
                break;
            case InputKind.Configure:
                Node.ProposeConfiguration(_scope.Changes[input.Argument], out _);
                break;
            case InputKind.Read:
                Node.RequestRead((ulong)input.Argument);
                break;
            case InputKind.Transfer:
                Node.TransferLeadership(new NodeId((ulong)input.Argument));
                break;
            case InputKind.Compact:
                Disk.CompactTo(_applied);
                break;
            default:
                Crash(isTorn: input.Kind == InputKind.Tear);
                break;
        }
    }

    /// <summary>
    /// A request for a vote is not even looked at while the leader was heard of lately. Nothing else depends on how lately,
    /// so a follower is as patient as the request needs: the time passes just before it arrives.
    /// </summary>
    private void Deliver(Message message)
    {
        var isRequest = message.Kind is MessageKind.MsgVote or MessageKind.MsgPreVote;
        if (isRequest && Node.Role == RaftRole.Follower && !Node.Leader.IsNone)
        {
            Tick(ElectionTimeoutTicks - ElectionElapsed(Node));
        }

        Node.Step(message);
    }

    /// <summary>Without <see cref="Scope.PreVotes"/> a pre-vote is granted by word of mouth: safety must not need them.</summary>
    private void Campaign()
    {
        while (Node.Role == RaftRole.Leader)
        {
            Node.Tick();
        }

        Node.Campaign();
        if (!_scope.PreVotes && Node.Role == RaftRole.PreCandidate)
        {
            var peer = Node.Configuration.Voters.First(voter => voter != Node.Id);
            Node.Step(new Message { Kind = MessageKind.MsgPreVoteResp, To = Node.Id, From = peer, Term = Node.Term + 1 });
        }
    }

    private void Tick(int times)
    {
        for (var i = 0; i < times; i++)
        {
            Node.Tick();
        }
    }

    private void HandleReady()
    {
        while (Node.HasReady)
        {
            Handle(Node.TakeReady());
            Node.FlushCommitNews();
        }
    }

    private void Handle(Ready ready)
    {
        foreach (var message in ready.Messages)
        {
            Sent.Add(_messages.NumberOf(message));
        }

        if (ready.HardState is not null || ready.Entries.Count > 0 || ready.MessagesAfterDurable.Count > 0 || ready.Snapshot is not null)
        {
            int[] waiting = [.. ready.MessagesAfterDurable.Select(_messages.NumberOf)];
            _writes.Enqueue(new Write(ready.Sequence, ready.HardState, ready.Entries, ready.Snapshot, waiting));
        }

        if (ready.Snapshot is { } snapshot)
        {
            AppliedTo(snapshot.Metadata.Id.Index);
        }

        if (ready.Committed.Count > 0)
        {
            AppliedTo(ready.Committed[^1].Index);
        }

        foreach (var wanted in ready.EntriesWanted)
        {
            Node.EntriesRead(wanted, Disk.Entries(wanted.Low, wanted.High, wanted.MaxBytes));
        }

        Answered.AddRange(ready.ReadStates);
        foreach (var peer in ready.SnapshotsToSend)
        {
            SendSnapshot(peer);
        }
    }

    private void AppliedTo(ulong index)
    {
        _applied = index;
        Node.Applied(index);
    }

    private void SendSnapshot(NodeId to)
    {
        Sent.Add(_messages.NumberOf(new Message
        {
            Kind = MessageKind.MsgSnap,
            To = to,
            From = Node.Id,
            Term = Node.Term,
            Snapshot = Disk.SnapshotAt(_applied),
        }));
        Node.ReportSnapshot(to, _applied, ok: true);
    }

    private void SyncOldest()
    {
        var write = _writes.Dequeue();
        if (write.Install is { } install)
        {
            Disk.Restart(install.Metadata);
        }

        Disk.Append(write.Entries);
        Disk.HardState = write.HardState ?? Disk.HardState;
        Sent.AddRange(write.Messages);
        _unreported = write.Sequence;
        if (!_scope.LateReports)
        {
            Report();
        }
    }

    private void Report()
    {
        Node.Durable(_unreported);
        _unreported = 0;
    }

    private void Crash(bool isTorn)
    {
        _writes.Clear();
        _unreported = 0;
        _applied = Disk.Base.Index;
        if (isTorn)
        {
            Disk.TruncateFrom(Math.Max(Disk.FirstIndex, Disk.LastIndex));
            Disk.HardState = Disk.HardState with { Recovering = true };
        }

        Node = Start();
    }

    private RaftNode Start() => new(
        OptionsOf((1000 * _id) + (100 * _starts++)),
        Disk,
        new NoChance(),
        new RaftBootState
        {
            HardState = Disk.HardState,
            Configuration = Disk.BaseConfiguration,
            ConfigurationIndex = Disk.BaseConfigurationIndex,
            AppliedIndex = Disk.Base.Index,
        });

    /// <summary>
    /// With fast disks nothing is kept in memory once it is durable, so that what a restart forgets does not tell states
    /// apart. With slow ones everything is: read back, an entry that wrongly counts as durable would look as if it were.
    /// </summary>
    private RaftOptions OptionsOf(ulong seed) => new()
    {
        Id = new NodeId(_id),
        ElectionTimeoutTicks = ElectionTimeoutTicks,
        HeartbeatTicks = 1,
        MaxInflightMessages = 4,
        MaxInflightBytes = 4096,
        MaxMessageBytes = _scope.SmallMessages ? 1 : 1024,
        MaxUncommittedBytes = 4096,
        MaxCachedBytes = _scope.SlowDisks ? 4096 : 0,
        ReadIdSeed = seed,
    };
}
