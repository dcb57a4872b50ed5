using System.Runtime.CompilerServices;
using System.Text;
using Raftd.Exploration.Worlds;
using Raftd.Raft;
using Raftd.Testing.Cores;

namespace Raftd.Exploration.Members;

/// <summary>One member of the explored cluster.</summary>
/// <remarks>
/// The core is told of a write when that is on disk, or, with <see cref="Scope.LateReports"/>, any time later. What is
/// committed is told to the followers at once; entries that the core wants from the disk are there at once. Each input is
/// followed by all its Readys.
/// </remarks>
internal sealed class Member : CoreMember
{
    public const int ElectionTimeoutTicks = 5;

    // Election timeouts of one tick more than the shortest, for all members: there is one moment at which a leader counts as
    // silent and the member does not campaign yet. Who campaigns when is explored, so nothing is left to chance.
    private const int Draw = 1;

    private readonly Scope _scope;
    private readonly MessageTable _messages;
    private ulong _unreported;

    /// <param name="id">1, 2 or 3.</param>
    /// <param name="scope">What may happen.</param>
    /// <param name="messages">Where messages get their numbers.</param>
    public Member(ulong id, Scope scope, MessageTable messages)
        : base(id, new CoreDisk(scope.Founding))
    {
        _scope = scope;
        _messages = messages;
        Start();
    }

    /// <summary>What left since the last <see cref="Apply"/> began.</summary>
    public List<int> Sent { get; } = [];

    public List<ReadState> Answered { get; } = [];

    public bool IsUnreported => _unreported > 0;

    public bool CanCompact => AppliedIndex > Disk.Base.Index;

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_log")]
    public static extern ref RaftLog Log(RaftNode node);

    public void Apply(MemberInput input)
    {
        Sent.Clear();
        Answered.Clear();
        Feed(input);
        HandleReady();
        while (!_scope.SlowDisks && IsWriting)
        {
            CompleteWrite();
            HandleReady();
        }
    }

    protected override RaftNode Open(ulong readIdSeed, RaftBootState boot) =>
        new(OptionsOf(readIdSeed), Disk, new FixedRandom(Draw), boot);

    protected override void Send(IReadOnlyList<Message> messages)
    {
        foreach (var message in messages)
        {
            Sent.Add(_messages.NumberOf(message));
        }
    }

    protected override void Handle(Ready ready)
    {
        foreach (var wanted in ready.EntriesWanted)
        {
            HandIn(wanted);
        }

        Answered.AddRange(ready.ReadStates);
        foreach (var peer in ready.SnapshotsToSend)
        {
            SendSnapshot(peer);
        }
    }

    protected override void Report(ulong sequence)
    {
        _unreported = sequence;
        if (!_scope.LateReports)
        {
            ReportDurable();
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
                CompleteWrite();
                break;
            case InputKind.Report:
                ReportDurable();
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
                Disk.CompactTo(AppliedIndex);
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
            TakeReady();
            Node.FlushCommitNews();
        }
    }

    private void SendSnapshot(NodeId to)
    {
        Sent.Add(_messages.NumberOf(new Message
        {
            Kind = MessageKind.MsgSnap,
            To = to,
            From = Node.Id,
            Term = Node.Term,
            Snapshot = Disk.SnapshotAt(AppliedIndex),
        }));
        Node.ReportSnapshot(to, AppliedIndex, ok: true);
    }

    private void ReportDurable()
    {
        Node.Durable(_unreported);
        _unreported = 0;
    }

    private void Crash(bool isTorn)
    {
        _unreported = 0;
        if (isTorn)
        {
            Disk.TruncateFrom(Math.Max(Disk.FirstIndex, Disk.LastIndex));
            Disk.HardState = Disk.HardState with { Recovering = true };
        }

        Start();
    }

    /// <summary>
    /// With fast disks nothing is kept in memory once it is durable, so that what a restart forgets does not tell states
    /// apart. With slow ones everything is: read back, an entry that wrongly counts as durable would look as if it were.
    /// </summary>
    private RaftOptions OptionsOf(ulong seed) => new()
    {
        Id = Id,
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
