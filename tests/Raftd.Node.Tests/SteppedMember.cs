using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.State.Commands;
using Raftd.State.Leading;
using Raftd.State.Loops;
using Raftd.State.Timekeeping;
using Raftd.Store;
using Raftd.Testing;
using Raftd.Testing.Buckets;
using Raftd.Testing.Clocks;
using Raftd.Testing.Disks;

namespace Raftd.Node.Tests;

/// <summary>A whole member without threads, on a disk and a state in memory: it does something when the test steps it, and
/// what it says to peers is kept.</summary>
internal sealed class SteppedMember : IDisposable
{
    public const ulong ClusterId = 5;

    private const int MaxTurns = 10_000;

    private readonly ManualTime _time;
    private readonly RaftdMember _parts;
    private readonly Ears _ears = new();

    private SteppedMember(
        MemberIdentity self, Configuration? founding, ManualTime time, Func<MemberOptions, MemberOptions>? tune)
    {
        _time = time;
        Self = self;
        StateDirectory = new ModelStateDirectory(new ModelStateDisk(), store => store.OnWrite = moment =>
        {
            if (moment == ModelWriteMoment.BeforeCommit)
            {
                OnStateWrite();
            }
        });
        var options = MemberTuning.Of(OptionsOf(self), self, founding) with
        {
            Spool = new SpoolOptions { ChunkBytes = 200, SliceBytes = 400, ReserveBytes = 0 },
        };
        _parts = RaftdMember.Open(tune?.Invoke(options) ?? options, new MemberSeams
        {
            Files = new MemoryFileSystem(),
            LogDirectory = "/log",
            SpoolDirectory = "/spool",
            State = StateDirectory,
            Peers = _ears,
            Time = time,
            Random = new SeededRandom(1),
            Logger = NullLogger.Instance,
        });
        Run();
    }

    public MemberIdentity Self { get; }

    public ModelStateDirectory StateDirectory { get; }

    /// <summary>Called in the middle of each write to a store of the state, by the thread that writes.</summary>
    public Action OnStateWrite { get; set; } = static () => { };

    public Replica Replica => _parts.Replica;

    public SnapshotSpooler Spooler => _parts.Spooler;

    public PeerPins PeerPins => _parts.PeerPins;

    public LogPins LogPins => _parts.Log.Pins;

    public StateMachine State => _parts.State;

    public Lessor Lessor => _parts.Lessor;

    /// <summary>The newest in its log.</summary>
    public Command LastCommand
    {
        get
        {
            var last = _parts.Wal.LastIndex;
            Assert.True(CommandCodec.TryDecode(_parts.Wal.Read(last, last + 1, long.MaxValue).Single().Data, out var command));
            return command;
        }
    }

    public ulong Applied => _parts.State.Applied.Index;

    public IReadOnlyList<Message> Sent => _ears.Sent;

    /// <summary>Member 1, which leads alone, with these learners.</summary>
    public static SteppedMember Leader(ManualTime time, params ulong[] learners)
    {
        var members = MemberTable.Of(learners.Prepend(1UL).Select(Info));
        var founding = new Configuration([new NodeId(1)], [.. learners.Select(id => new NodeId(id))], members.Encode());
        return new SteppedMember(Identity(1, []), founding, time, tune: null);
    }

    /// <summary>Member 1, elected by member 2, which the test speaks for.</summary>
    public static SteppedMember LeaderOfTwo(ManualTime time)
    {
        var members = MemberTable.Of([Info(1), Info(2)]);
        var member = new SteppedMember(
            Identity(1, []), new Configuration([new NodeId(1), new NodeId(2)], [], members.Encode()), time, tune: null);
        while (!member.Sent.Any(static message => message.Kind == MessageKind.MsgPreVote))
        {
            member.Replica.Tick();
            member.Run();
        }

        member.Answer(MessageKind.MsgPreVoteResp, member.Sent[^1].Term);
        member.Answer(MessageKind.MsgVoteResp, member.Sent[^1].Term);
        member.Acknowledge();
        Assert.Equal((RaftRole.Leader, true), (member.Replica.Status.Role, member.Replica.Status.IsPromoted));
        return member;
    }

    /// <summary>A member that waits to be added, and knows the others from its join.</summary>
    public static SteppedMember Newcomer(
        ulong id, ManualTime time, ulong[] known, Func<MemberOptions, MemberOptions>? tune = null) =>
        new(Identity(id, [.. known.Select(Info)]), founding: null, time, tune);

    public static MemberInfo Info(ulong id) => new()
    {
        Id = id,
        Label = $"m{id}",
        HttpAddress = $"127.0.0.1:{7000 + id}",
        PeerAddress = $"127.0.0.1:{8000 + id}",
        Instance = id,
        Generator = (int)id,
        PromoteWhenCaughtUp = false,
    };

    public static ReadOnlyMemory<byte> Put(string key, int valueBytes) =>
        By.Nobody.Put(new PutRequest { Key = Encoding.UTF8.GetBytes(key), Value = new byte[valueBytes] });

    /// <summary>Steps all loops until none has anything to do.</summary>
    public void Run()
    {
        for (var turns = 0; StepAll(); turns++)
        {
            Assert.True(turns < MaxTurns, "the member does not come to rest");
        }
    }

    /// <summary>Commits so many keys, applies and flushes them. Of the leader.</summary>
    public void Write(int keys)
    {
        var ended = Enumerable.Range(0, keys).Select(i => Replica.ProposeAsync(Put($"k{i}", 50))).ToArray();
        Run();
        Assert.All(ended, static proposal => Assert.Equal(ProposalEnd.Applied, proposal.Result.End));
        _time.Advance(TimeSpan.FromSeconds(1));
        _parts.Applier.Tick();
        Run();
    }

    /// <summary>A snapshot of what was written, as for a peer.</summary>
    public SpoolLease Spool()
    {
        SpoolAnswer? answer = null;
        Spooler.Request(minimumIndex: 0, keepsLog: true, given => answer = given);
        Spooler.Tick();
        Run();
        return answer!.Value.Lease!;
    }

    /// <summary>Lets this member hear that one leads.</summary>
    public void Hear(ulong leader, ulong term)
    {
        Assert.True(Replica.TryReceive(Heartbeat(leader, Self.MemberId, term)));
        Run();
        Assert.Equal((term, leader), (Replica.Status.Term, Replica.Status.Leader.Value));
    }

    /// <summary>Member 2 has all entries that it was sent.</summary>
    public void Acknowledge()
    {
        ReceiveAcknowledgement();
        Run();
    }

    /// <summary>Leaves it to the next step.</summary>
    public void ReceiveAcknowledgement()
    {
        var append = Sent.Last(static message => message.Kind == MessageKind.MsgApp);
        Receive(MessageKind.MsgAppResp, append.Term, append.Index + (ulong)append.Entries.Count);
    }

    private void Answer(MessageKind kind, ulong term, ulong index = 0)
    {
        Receive(kind, term, index);
        Run();
    }

    private void Receive(MessageKind kind, ulong term, ulong index)
    {
        var answer = new Message { Kind = kind, From = new NodeId(2), To = new NodeId(1), Term = term, Index = index };
        Assert.True(Replica.TryReceive(answer));
    }

    public static Message Heartbeat(ulong from, ulong to, ulong term) =>
        new() { Kind = MessageKind.MsgHeartbeat, From = new NodeId(from), To = new NodeId(to), Term = term };

    public void Dispose()
    {
        _parts.Dispose();
        StateDirectory.Dispose();
    }

    private bool StepAll()
    {
        var hasMore = false;
        foreach (var loop in (ILoop[])[
            _parts.Replica, _parts.Log, _parts.LogReader, _parts.Applier, _parts.Flusher, _parts.Spooler])
        {
            hasMore |= loop.Step();
        }

        return hasMore;
    }

    private static MemberIdentity Identity(ulong id, MemberInfo[] known) => new()
    {
        Format = MemberIdentity.CurrentFormat,
        Instance = id,
        Label = $"m{id}",
        ClusterId = ClusterId,
        MemberId = id,
        KnownMembers = known,
    };

    private static NodeOptions OptionsOf(MemberIdentity self) => new()
    {
        DataDirectory = "/data",
        Label = self.Label,
        AdvertisedHttpAddress = Info(self.MemberId).HttpAddress,
        AdvertisedPeerAddress = Info(self.MemberId).PeerAddress,
        PeerEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
        Join = [],
        MaxValueBytes = 2 << 20,
        WalSegmentBytes = 8 << 20,
        Version = "test",
    };

    private sealed class Ears : IPeerTransport
    {
        public List<Message> Sent { get; } = [];

        public void Send(IReadOnlyList<Message> messages) => Sent.AddRange(messages);

        public void SendSnapshot(NodeId to, Message header)
        {
        }

        public void Follow(MemberTable members)
        {
        }
    }
}
