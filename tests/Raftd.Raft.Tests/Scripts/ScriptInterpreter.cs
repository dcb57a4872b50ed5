using Raftd.Raft.Tests.Support;
using Raftd.Testing.Cores;

namespace Raftd.Raft.Tests.Scripts;

/// <summary>
/// The commands of the transcripts. Members are numbers; messages wait in the network until they are delivered.
/// <code>
/// cluster VOTERS [learners=L] [NAME=NUMBER ...]   founds members with these options
/// boot N VOTERS term=T log=1,1,2             adds a member whose log has entries of these terms
/// blank N                                    adds a member that belongs to no cluster yet
/// elect N         campaign and settle, showing only what came of it
/// tick N [COUNT]  campaign N  propose N TEXT  configure N VOTERS [learners=L]  transfer N to=M  read N CONTEXT
/// ready N         takes one Ready and shows it      write N [COUNT]   the oldest writes become durable
/// news N          commits have waited for entries long enough
/// fetch N [COUNT] the log hands in entries that the core no longer has
/// deliver N [from=M] [kind=K] [count=C]  drop  again    hands over, loses, or hands over and keeps messages to N
/// settle [loud]   everything, until nothing is left to do; cut members and stalled disks excepted
/// cut N  heal N   all links of a member            stall N  resume N   its disk
/// crash N [damaged] [lose=COUNT] [forget]   forget: the last term and vote are lost too
/// compact N INDEX   snapshot FROM TO [failed]   unreachable N M
/// status N...     log N     peers N     network
/// </code>
/// </summary>
internal sealed class ScriptInterpreter
{
    private readonly SortedDictionary<ulong, TestMember> _members = [];
    private readonly HashSet<ulong> _cut = [];
    private readonly HashSet<ulong> _stalled = [];
    private readonly List<Message> _network = [];
    private readonly List<string> _printed = [];
    private Dictionary<string, long> _options = [];

    public IEnumerable<string> Execute(string line)
    {
        _printed.Clear();
        Run(ScriptCommand.Parse(line));
        return [.. _printed];
    }

    private void Run(ScriptCommand c)
    {
        switch (c.Name)
        {
            case "cluster": Found(c); break;
            case "boot": Add(c.Id(0), c.Configuration(1), c.Number("term"), c.List("log")); break;
            case "blank": Add(c.Id(0), Configuration.Empty, 0, []); break;
            case "tick": Repeat(c.Count(1), () => Member(c).Node.Tick()); break;
            case "campaign": Member(c).Node.Campaign(); break;
            case "elect": Elect(Member(c)); break;
            case "propose": Propose(Member(c).Node, c); break;
            case "configure": Print(Member(c).Node.ProposeConfiguration(c.Configuration(1), out var id) + Suffix(id)); break;
            case "transfer": Print(Member(c).Node.TransferLeadership(new NodeId(c.Number("to"))) ? "started" : "refused"); break;
            case "read": Member(c).Node.RequestRead(ulong.Parse(c.Arguments[1])); break;
            case "ready": TakeReady(Member(c), loud: true); break;
            case "news": Member(c).Node.FlushCommitNews(); break;
            case "fetch": Repeat(c.Count(1), () => Fetch(Member(c))); break;
            case "write": Repeat(c.Count(1), () => CompleteWrite(Member(c), loud: true)); break;
            case "deliver": Deliver(c, step: true, keep: false); break;
            case "again": Deliver(c, step: true, keep: true); break;
            case "drop": Deliver(c, step: false, keep: false); break;
            case "settle": Settle(c.Arguments is ["loud"]); break;
            case "cut": _cut.Add(c.Id(0)); break;
            case "heal": _cut.Remove(c.Id(0)); break;
            case "stall": _stalled.Add(c.Id(0)); break;
            case "resume": _stalled.Remove(c.Id(0)); break;
            case "crash": Crash(Member(c), c); break;
            case "compact": Member(c).Disk.CompactTo(c.Id(1)); break;
            case "snapshot": StreamSnapshot(Member(c), _members[c.Id(1)], fails: c.Has("failed")); break;
            case "unreachable": Member(c).Node.ReportUnreachable(new NodeId(c.Id(1))); break;
            case "status": c.Arguments.ForEach(n => Print(ScriptPrinter.Status(_members[ulong.Parse(n)]))); break;
            case "log": Print(string.Join(' ', Member(c).Disk.All.Select(ScriptPrinter.Entry))); break;
            case "peers": Member(c).Node.Progress.ToList().ForEach(peer => Print(ScriptPrinter.Peer(peer))); break;
            case "network": _network.ForEach(m => Print(ScriptPrinter.Message(m))); break;
            default: throw new InvalidOperationException($"unknown command {c.Name}");
        }
    }

    private static string Suffix(EntryId id) => id == default ? "" : $" {id}";

    private TestMember Member(ScriptCommand c) => _members[c.Id(0)];

    private void Print(string line) => _printed.Add(line);

    private static void Repeat(int count, Action action)
    {
        for (var i = 0; i < count; i++)
        {
            action();
        }
    }

    private void Found(ScriptCommand c)
    {
        var configuration = c.Configuration(0);
        _options = c.Numbers();
        foreach (var id in configuration.Voters.Concat(configuration.Learners))
        {
            Add(id.Value, configuration, 0, []);
        }
    }

    private void Add(ulong id, Configuration configuration, ulong term, List<ulong> terms)
    {
        var log = terms.Select((t, i) => new Entry(new EntryId(t, (ulong)i + 1), EntryKind.Normal, default)).ToList();
        _members[id] = new TestMember(id, configuration, new FixedRandom((int)id), Tune, term, log);
    }

    private RaftOptions Tune(RaftOptions options) => options with
    {
        HeartbeatTicks = (int)Option("heartbeat", options.HeartbeatTicks),
        ElectionTimeoutTicks = (int)Option("election", options.ElectionTimeoutTicks),
        MaxUncommittedBytes = Option("uncommitted", options.MaxUncommittedBytes),
        MaxInflightMessages = (int)Option("inflight", options.MaxInflightMessages),
        LeaseReads = Option("lease", 0) != 0,
    };

    private long Option(string name, long otherwise) => _options.GetValueOrDefault(name, otherwise);

    private void Elect(TestMember member)
    {
        member.Node.Campaign();
        Settle(loud: false);
        _printed.Clear();
        Print($"{member.Id}: {member.Node.Role} of term {member.Node.Term}");
    }

    private void Propose(RaftNode node, ScriptCommand c)
    {
        var batch = c.Arguments.Skip(1).Select(Text.Bytes).ToArray();
        Print(node.Propose(batch, out var first) + Suffix(first));
    }

    private void TakeReady(TestMember member, bool loud)
    {
        if (!member.Node.HasReady)
        {
            Print($"{member.Id}: nothing");
            return;
        }

        var ready = member.TakeReady();
        if (loud)
        {
            _printed.AddRange(ScriptPrinter.Ready(member.Id, ready));
        }

        _printed.AddRange(ScriptPrinter.Effects(member.Id, ready));
        Collect(member, loud: false);
    }

    private void Fetch(TestMember member)
    {
        if (member.EntriesWanted.Count == 0)
        {
            Print($"{member.Id}: nothing is wanted");
            return;
        }

        member.HandInEntries();
    }

    private void CompleteWrite(TestMember member, bool loud)
    {
        if (!member.IsWriting)
        {
            Print($"{member.Id}: nothing is being written");
            return;
        }

        var write = member.CompleteWrite();
        if (loud)
        {
            Print($"{member.Id}: durable {write.Sequence}, stable up to {member.Node.Stable}");
        }

        Collect(member, loud);
    }

    private void Collect(TestMember member, bool loud)
    {
        foreach (var message in member.Outbox)
        {
            if (_cut.Contains(message.From.Value) || _cut.Contains(message.To.Value))
            {
                continue;
            }

            _network.Add(message);
            if (loud)
            {
                Print(ScriptPrinter.Message(message));
            }
        }

        member.Outbox.Clear();
    }

    private void Deliver(ScriptCommand c, bool step, bool keep)
    {
        var chosen = _network.Where(m => m.To.Value == c.Id(0) && c.Selects(m)).Take(c.Has("count") ? (int)c.Number("count") : int.MaxValue).ToList();
        foreach (var message in chosen)
        {
            Print(ScriptPrinter.Message(message));
            if (!keep)
            {
                _network.Remove(message);
            }

            if (step)
            {
                Step(message);
            }
        }
    }

    private void Step(Message message)
    {
        if (_members.TryGetValue(message.To.Value, out var member))
        {
            member.Node.Step(message);
        }
    }

    private void Settle(bool loud)
    {
        for (var turn = 0; turn < 1000; turn++)
        {
            var before = _network.Count > 0;
            foreach (var member in _members.Values)
            {
                before |= SettleMember(member);
            }

            var messages = _network.ToList();
            _network.Clear();
            foreach (var message in messages)
            {
                if (loud)
                {
                    Print(ScriptPrinter.Message(message));
                }

                Step(message);
            }

            if (!before)
            {
                return;
            }
        }

        Print("does not settle");
    }

    private bool SettleMember(TestMember member)
    {
        var did = false;
        while (member.Node.HasReady)
        {
            TakeReady(member, loud: false);
            did = true;
        }

        while (member.IsWriting && !_stalled.Contains(member.Id.Value))
        {
            CompleteWrite(member, loud: false);
            did = true;
        }

        while (member.EntriesWanted.Count > 0)
        {
            member.HandInEntries();
            did = true;
        }

        member.Node.FlushCommitNews();
        return did || member.Node.HasReady;
    }

    private void Crash(TestMember member, ScriptCommand c)
    {
        member.Crash(c.Has("damaged"), (int)c.Number("lose"), c.Has("forget"));
        Print(ScriptPrinter.Status(member));
    }

    private void StreamSnapshot(TestMember from, TestMember to, bool fails)
    {
        var snapshot = from.Disk.SnapshotAt(from.Applied[^1].Index);
        if (fails)
        {
            from.Node.ReportSnapshot(to.Id, snapshot.Id.Index, ok: false);
            return;
        }

        var message = new Message
        {
            Kind = MessageKind.MsgSnap,
            To = to.Id,
            From = from.Id,
            Term = from.Node.Term,
            Snapshot = snapshot,
        };
        Print(ScriptPrinter.Message(message));
        to.Node.Step(message);
        from.Node.ReportSnapshot(to.Id, snapshot.Id.Index, ok: true);
    }
}
