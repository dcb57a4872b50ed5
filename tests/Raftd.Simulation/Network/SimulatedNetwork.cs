// The network: each message is encoded as on the wire and arrives later, twice, out of order, much too late, or never.
//
// It is harder than the product's, whose streams keep their order and end with a connection: here a message may arrive
// after both ends have restarted, and before one that was sent earlier. A seed that KeepsOrder is closer to TCP.

using System.Buffers;
using Raftd.Node.Peers;
using Raftd.Raft;
using Raftd.Simulation.Clients;
using Raftd.Simulation.Faults;
using Raftd.Simulation.Members;

namespace Raftd.Simulation.Network;

internal sealed class SimulatedNetwork(Cluster cluster, Dice dice)
{
    // Much later than anything that the product would still deliver.
    private const long LateMean = 3 * Scheduler.Second;
    private const int Remembered = 500;

    private readonly ArrayBufferWriter<byte> _scratch = new();
    private readonly HashSet<(ulong From, ulong To)> _cut = [];
    private readonly Dictionary<(ulong From, ulong To, bool Entries), long> _lastArrival = [];
    private readonly Dictionary<(ulong From, ulong To), SnapshotStream> _snapshots = [];
    private readonly Dictionary<(ulong From, ulong To), Ailment> _ailing = [];

    // The last messages that were sent, the oldest first: for Replay.
    private readonly Queue<(ulong From, ulong To, byte[] Bytes)> _memory = new();

    // What was sent up to then does not arrive.
    private long _lostUntil = -1;

    /// <summary>Until then more is lost, and everything is slower.</summary>
    public long StormUntil { get; set; }

    /// <summary>A snapshot takes so much longer with each chunk.</summary>
    public long ChunkPause { get; set; }

    /// <summary>Streams of snapshots that were begun so far.</summary>
    public int SnapshotsBegun { get; private set; }

    private bool IsStorm => StormUntil > cluster.Scheduler.Now;

    public void MendAll()
    {
        _cut.Clear();
        _ailing.Clear();
        StormUntil = 0;
        ChunkPause = 0;
    }

    /// <summary>One directed link does not work well for a while.</summary>
    public void Ail((ulong From, ulong To) link, Ailment ailment) => _ailing[link] = ailment;

    /// <summary>Whatever is under way is lost, as where all connections break.</summary>
    public void LoseInFlight() => _lostUntil = cluster.Scheduler.Now;

    /// <summary>Some of the last messages arrive again within a second.</summary>
    public void Replay()
    {
        var share = dice.Unit();
        foreach (var (from, to, bytes) in _memory.Where(_ => dice.Chance(share)).ToArray())
        {
            Later(dice.Between(0, Scheduler.Second), from, to, bytes);
        }
    }

    public void BreakSnapshots()
    {
        foreach (var stream in _snapshots.Values)
        {
            stream.IsBroken = true;
        }
    }

    /// <summary>One member is alone for up to a few seconds.</summary>
    public void CutForAWhile(ulong member) => CutForAWhile(
        cluster.Members.Where(other => other.Id != member).SelectMany(other => new[] { (member, other.Id), (other.Id, member) }));

    public void CutForAWhile(IEnumerable<(ulong From, ulong To)> links)
    {
        var cut = links.ToArray();
        Cut(cut, 1000 + dice.Exponential(dice.Pick([200L, 1000, 3000]) * Scheduler.Millisecond));
    }

    public void Cut(IReadOnlyCollection<(ulong From, ulong To)> links, long duration)
    {
        _cut.UnionWith(links);
        cluster.Scheduler.After(duration, () => _cut.ExceptWith(links));
    }

    public bool IsCut(ulong from, ulong to) => _cut.Contains((from, to));

    public void Send(SimulatedMember from, Message message)
    {
        _scratch.ResetWrittenCount();
        MessageCodec.Encode(_scratch, message);
        var bytes = _scratch.WrittenSpan.ToArray();
        cluster.Trace.Add(bytes);
        var to = message.To.Value;
        if (IsCut(from.Id, to))
        {
            MaybeReport(from, to);
            return;
        }

        if (!cluster.IsQuiet && dice.Chance(cluster.Swarm.LossRate + (IsStorm ? 0.3 : 0) + AilmentOf(from.Id, to).Loss))
        {
            return;
        }

        Remember(from.Id, to, bytes);
        Deliver(from.Id, to, message.Kind, bytes);
        if (!cluster.IsQuiet && dice.Chance(cluster.Swarm.DuplicateRate))
        {
            Deliver(from.Id, to, message.Kind, bytes);
        }
    }

    private void Remember(ulong from, ulong to, byte[] bytes)
    {
        _memory.Enqueue((from, to, bytes));
        if (_memory.Count > Remembered)
        {
            _memory.Dequeue();
        }
    }

    private Ailment AilmentOf(ulong from, ulong to) =>
        _ailing.TryGetValue((from, to), out var ailment) && ailment.Until > cluster.Scheduler.Now ? ailment : default;

    public void SendSnapshot(SimulatedMember from, NodeId to, Message header)
    {
        if (from.Running is not { } sender
            || (_snapshots.TryGetValue((from.Id, to.Value), out var running) && running.IsRunning && running.Sender == sender))
        {
            return;
        }

        SnapshotsBegun++;
        var stream = new SnapshotStream(cluster, sender, to, header);
        _snapshots[(from.Id, to.Value)] = stream;
        sender.After(DrawDelay(), stream.Begin);
    }

    /// <summary>What a member tells the others about once a second.</summary>
    public void SendReport(Incarnation from, MemberReport report)
    {
        foreach (var to in cluster.Members.Where(member => member.Id != from.Host.Id && !IsCut(from.Host.Id, member.Id)))
        {
            cluster.Scheduler.After(DrawDelay(), () => to.Running?.Parts.Reports.Set(from.Host.Id, report));
        }
    }

    public long DrawDelay() => 10 + dice.Exponential(cluster.Swarm.DelayMicroseconds * (IsStorm ? 20 : 1));

    /// <summary>Chunks follow each other closely: a stream waits for no answers.</summary>
    public long DrawChunkDelay() => 10 + ChunkPause + dice.Exponential(Math.Min(cluster.Swarm.DelayMicroseconds, 500));

    private void Deliver(ulong from, ulong to, MessageKind kind, byte[] bytes)
    {
        var delay = DrawDelay() + AilmentOf(from, to).Delay;
        if (!cluster.IsQuiet && dice.Chance(cluster.Swarm.LateRate))
        {
            delay += dice.Exponential(LateMean);
        }
        else if (cluster.Swarm.KeepsOrder)
        {
            var stream = (from, to, kind is MessageKind.MsgApp or MessageKind.MsgAppResp);
            var arrival = Math.Max(cluster.Scheduler.Now + delay, _lastArrival.GetValueOrDefault(stream));
            _lastArrival[stream] = arrival;
            delay = arrival - cluster.Scheduler.Now;
        }

        Later(delay, from, to, bytes);
    }

    private void Later(long delay, ulong from, ulong to, byte[] bytes)
    {
        var sent = cluster.Scheduler.Now;
        cluster.Scheduler.After(delay, () =>
        {
            if (sent > _lostUntil)
            {
                Arrive(from, to, bytes);
            }
        });
    }

    private void Arrive(ulong from, ulong to, byte[] bytes)
    {
        if (cluster.Find(to)?.Running is not { } receiver || IsCut(from, to))
        {
            return;
        }

        SafetyViolationException.Require(
            MessageCodec.TryDecode(bytes, out var message, out var error), $"a message cannot be read: {error}");
        if (cluster.Trace.IsPrinting)
        {
            cluster.Trace.Detail(cluster.Scheduler.Now, receiver.Host.Name, Describe(message!));
        }

        // What PeerServer does when a stream is opened.
        if (receiver.Replica.Status.HasGoneOnWithout(from))
        {
            receiver.Waiting.Add(new Verdict(cluster, receiver, from));
            return;
        }

        if (message!.Kind == MessageKind.MsgAppResp && receiver.Raft.Role == RaftRole.Leader
            && !message.Reject && message.Index > receiver.Raft.Commit && !receiver.Raft.HasCommittedInTerm)
        {
            cluster.Ambush.Spring(receiver.Host, Moment.HeirHeard);
        }

        receiver.Welcome(from);
        receiver.Replica.TryReceive(message);
    }

    /// <summary>A broken stream is noticed, sooner or later.</summary>
    private void MaybeReport(SimulatedMember from, ulong to)
    {
        if (from.Running is { } sender && dice.Chance(0.1))
        {
            sender.After(DrawDelay(), () => sender.Replica.PeerUnreachable(new NodeId(to)));
        }
    }

    /// <summary>PeerSession.WasRemovedAsync without the await.</summary>
    private sealed class Verdict(Cluster cluster, Incarnation leader, ulong about) : IWaiting
    {
        private readonly Task<bool> _confirmed = leader.Replica.LeadershipBarrierAsync();

        public bool TryEnd()
        {
            if (_confirmed is { IsCompletedSuccessfully: true, Result: true } && leader.Replica.Status.HasGoneOnWithout(about))
            {
                cluster.Membership.ToldItWasRemoved(about);
            }

            return _confirmed.IsCompleted;
        }

        public void Lost()
        {
        }
    }

    private static string Describe(Message m) =>
        $"<- m{m.From.Value} {m.Kind} term {m.Term} at {m.LogTerm}/{m.Index} +{m.Entries.Count} commit {m.Commit}"
        + (m.Reject ? $" reject, hint {m.RejectHint}" : "") + (m.ReadId != 0 ? $" read {m.ReadId:x}" : "")
        + (m.Recovering ? " recovering" : "") + (m.Recovered ? " recovered" : "");
}
