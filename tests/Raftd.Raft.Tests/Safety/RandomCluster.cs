using Raftd.Raft.Tests.Scripts;
using Raftd.Raft.Tests.Support;

namespace Raftd.Raft.Tests.Safety;

/// <summary>
/// Members, a network and disks, driven by one seed.
/// </summary>
/// <remarks>
/// What is fair, because the cluster should survive it:
/// - messages are lost, duplicated and reordered without limit; members are cut off and come back;
/// - a crash loses everything that is not on disk, at any member, at any time;
/// - with <see cref="Damage"/>, a crash may also lose entries and votes that were on disk, and the log notices. At most a
///   minority of voters is in that state at once: what a majority forgets is gone by any protocol;
/// - with <see cref="Membership"/>, voters and learners come and go.
/// </remarks>
internal sealed class RandomCluster
{
    private const int MaxMembers = 6;

    private readonly SeededRandom _random;
    private readonly SortedDictionary<ulong, TestMember> _members = [];
    private readonly List<Message> _network = [];
    private readonly HashSet<ulong> _cut = [];
    private readonly Checker _checker = new();
    private readonly int _voters;
    private ulong _counter;

    public RandomCluster(int seed)
    {
        _random = new SeededRandom(seed);
        _voters = 3 + (2 * _random.Next(2));
        var ids = Enumerable.Range(1, _voters).Select(id => new NodeId((ulong)id));
        var founding = new Configuration(ids, []);
        for (var id = 1UL; id <= MaxMembers; id++)
        {
            var configuration = id <= (ulong)_voters ? founding : Configuration.Empty;
            _members[id] = new TestMember(id, configuration, new SeededRandom((seed * 31) + (int)id));
        }
    }

    public bool Damage { get; init; }

    public bool Membership { get; init; }

    public ulong Committed => _checker.Committed;

    public int Reads => _checker.Reads;

    public void Run(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            var member = Pick();
            Act(member);
            Collect(member);
        }
    }

    /// <summary>When the faults stop, one leader remains and everyone in its configuration gets everything.</summary>
    public void Heal()
    {
        _cut.Clear();
        for (var round = 0; round < 1000; round++)
        {
            foreach (var member in _members.Values)
            {
                member.Node.Tick();
                Collect(member);
            }

            Settle();
            if (IsWhole())
            {
                return;
            }
        }

        Assert.Fail("no leader that everyone follows: " + string.Join("; ", _members.Values.SelectMany(Describe)));
    }

    public void CheckLogs()
    {
        foreach (var a in _members.Values)
        {
            foreach (var b in _members.Values)
            {
                Checker.CheckLogMatching(a.Disk, b.Disk);
            }
        }
    }

    private static IEnumerable<string> Describe(TestMember member) =>
        [ScriptPrinter.Status(member), .. member.Node.Progress.Select(ScriptPrinter.Peer)];

    private TestMember Pick() => _members[1 + (ulong)_random.Next(MaxMembers)];

    private void Act(TestMember member)
    {
        switch (_random.Next(100))
        {
            case < 40: DeliverOne(); break;
            case < 52: member.Node.Tick(); break;
            case < 80: WriteSome(member); HandInSome(member); break;
            case < 88: Propose(member.Node); break;
            case < 93: Read(member.Node); break;
            case < 95: ToggleLinks(member); break;
            case < 96: Crash(member); break;
            case < 97: Compact(member); break;
            case < 98: SendSnapshots(member); break;
            case < 99 when Membership: ChangeMembership(member.Node); break;
            default: _ = _random.Chance(20) && member.Node.TransferLeadership(Pick().Id); break;
        }
    }

    private void Collect(TestMember member)
    {
        if (_random.Chance(50))
        {
            member.Node.FlushCommitNews();
        }

        while (member.Node.HasReady)
        {
            member.TakeReady();
        }

        foreach (var message in member.Outbox)
        {
            if (!_cut.Contains(message.From.Value) && !_cut.Contains(message.To.Value))
            {
                _network.Add(message);
            }
        }

        member.Outbox.Clear();
        _checker.Check(member);
    }

    private void DeliverOne()
    {
        if (_network.Count == 0)
        {
            return;
        }

        // Mostly the older ones, or nothing would ever get through; a random one now and then is reordering.
        var at = _random.Next(_random.Chance(80) ? Math.Min(4, _network.Count) : _network.Count);
        var message = _network[at];
        if (!_random.Chance(10))
        {
            _network.RemoveAt(at);
        }

        if (!_random.Chance(5))
        {
            Step(message);
        }
    }

    private void Step(Message message)
    {
        var to = _members[message.To.Value];
        to.Node.Step(RoundTrip(message));
        Collect(to);
    }

    /// <summary>Every message goes through the codec, so that nothing works only because memory is shared.</summary>
    private static Message RoundTrip(Message message)
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        MessageCodec.Encode(bytes, message);
        Assert.True(MessageCodec.TryDecode(bytes.WrittenSpan, out var decoded, out var error), error);
        return decoded;
    }

    private void WriteSome(TestMember member)
    {
        for (var count = 1 + _random.Next(4); count > 0 && member.IsWriting; count--)
        {
            member.CompleteWrite();
        }
    }

    private void HandInSome(TestMember member)
    {
        for (var count = 1 + _random.Next(4); count > 0 && member.EntriesWanted.Count > 0; count--)
        {
            member.HandInEntries();
        }
    }

    private void Propose(RaftNode node)
    {
        var batch = Enumerable.Range(0, 1 + _random.Next(3)).Select(_ => Text.Bytes($"{++_counter}")).ToArray();
        node.Propose(batch, out _);
    }

    private void Read(RaftNode node)
    {
        var context = ++_counter;
        _checker.ReadStarted(context);
        node.RequestRead(context);
    }

    private void ToggleLinks(TestMember member)
    {
        if (_cut.Count > 0 && _random.Chance(60))
        {
            _cut.Clear();
        }
        else
        {
            _cut.Add(member.Id.Value);
        }
    }

    private void Crash(TestMember member)
    {
        var mayLose = Damage && DamagedVoters(member) < (_voters - 1) / 2;
        if (mayLose && _random.Chance(50))
        {
            member.Crash(damaged: true, lostEntries: _random.Next(8), lostHardState: _random.Chance(50));
        }
        else
        {
            member.Crash(damaged: Damage && _random.Chance(10));
        }

        _checker.Started(member.Id);
    }

    private int DamagedVoters(TestMember besides) =>
        _members.Values.Count(m => m != besides && m.Id.Value <= (ulong)_voters && m.Disk.HardState.Recovering);

    private static void Compact(TestMember member)
    {
        var applied = member.Applied.Count == 0 ? 0 : member.Applied[^1].Index;
        if (applied > member.Disk.Base.Index)
        {
            member.Disk.CompactTo(applied);
        }
    }

    private void SendSnapshots(TestMember member)
    {
        foreach (var to in member.SnapshotsToSend)
        {
            var index = Math.Max(member.Disk.Base.Index, member.Applied.LastOrDefault()?.Index ?? 0);
            var ok = !_cut.Contains(to.Value) && !_cut.Contains(member.Id.Value) && !_random.Chance(20);
            if (ok)
            {
                _network.Add(new Message
                {
                    Kind = MessageKind.MsgSnap,
                    To = to,
                    From = member.Id,
                    Term = member.Node.Term,
                    Snapshot = member.Disk.SnapshotAt(index),
                });
            }

            member.Node.ReportSnapshot(to, index, ok);
        }

        member.SnapshotsToSend.Clear();
    }

    private void ChangeMembership(RaftNode node)
    {
        var id = Pick().Id;
        var voters = node.Configuration.Voters;
        var learners = node.Configuration.Learners;
        var next = _random.Next(3) switch
        {
            0 => new Configuration(voters.Remove(id), learners.Remove(id)),
            1 => new Configuration(voters.Remove(id), learners.Add(id)),
            _ => new Configuration(voters.Add(id), learners.Remove(id)),
        };
        node.ProposeConfiguration(next, out _);
    }

    private void Settle()
    {
        for (var turn = 0; turn < 200 && (_network.Count > 0 || _members.Values.Any(m => m.IsWriting)); turn++)
        {
            var messages = _network.ToList();
            _network.Clear();
            messages.ForEach(Step);
            foreach (var member in _members.Values)
            {
                WriteSome(member);
                HandInSome(member);
                member.Node.FlushCommitNews();
                SendSnapshots(member);
                Collect(member);
            }
        }
    }

    private bool IsWhole()
    {
        var leader = _members.Values.Where(m => m.Node.HasCommittedInTerm).MaxBy(m => m.Node.Term)?.Node;
        return leader is not null
            && leader.Commit == leader.LastIndex
            && _members.Values.Where(m => leader.Configuration.IsVoter(m.Id) || leader.Configuration.IsLearner(m.Id)).All(m => Follows(m.Node, leader));
    }

    private static bool Follows(RaftNode node, RaftNode leader) =>
        node.Leader == leader.Id && node.Commit == leader.Commit && node.Stable == leader.LastIndex && !node.IsRecovering;
}
