// The network: which links work, how long things take on them, and what becomes of each frame of a stream of messages.
//
// It is harder than the product's, whose streams keep their order and end with a connection: here a message may arrive
// after both ends have restarted, and before one that was sent earlier. A seed that KeepsOrder is closer to TCP.

using System.Buffers.Binary;
using Raftd.Peers;
using Raftd.Raft;
using Raftd.Simulation.Faults;
using Raftd.Simulation.Members;

namespace Raftd.Simulation.Network;

internal sealed class SimulatedNetwork(Cluster cluster, Dice dice)
{
    /// <summary>Of one stream: 100 MB/s.</summary>
    public const int BytesPerMicrosecond = 100;

    // Much later than anything that the product would still deliver.
    private const long LateMean = 3 * Scheduler.Second;
    private const int Remembered = 500;

    private readonly HashSet<(ulong From, ulong To)> _cut = [];
    private readonly Dictionary<(ulong From, ulong To, string Path), long> _lastArrival = [];
    private readonly Dictionary<(ulong From, ulong To), Ailment> _ailing = [];
    private readonly Dictionary<ulong, long> _slowReaders = [];
    private readonly List<SimulatedStream> _streams = [];

    // The last messages that were sent, the oldest first: for Replay.
    private readonly Queue<(ulong From, ulong To, string Path, byte[] Frame)> _memory = new();

    // By sender, receiver and path the newest that was let in: a late frame arrives there, not on the stream that it was sent on.
    private readonly Dictionary<(ulong From, ulong To, string Path), SimulatedStream> _open = [];

    // What was sent up to then does not arrive.
    private long _lostUntil = -1;

    /// <summary>Until then more is lost, and everything is slower.</summary>
    public long StormUntil { get; set; }

    public long Now => cluster.Scheduler.Now;

    /// <summary>A snapshot takes so much longer with each chunk.</summary>
    public long ChunkPause { get; set; }

    private bool IsStorm => StormUntil > Now;

    public void MendAll()
    {
        _cut.Clear();
        _ailing.Clear();
        _slowReaders.Clear();
        StormUntil = 0;
        ChunkPause = 0;
    }

    /// <summary>One directed link does not work well for a while.</summary>
    public void Ail((ulong From, ulong To) link, Ailment ailment) => _ailing[link] = ailment;

    /// <summary>The member takes what comes for it only now and then.</summary>
    public void ReadSlowly(ulong member, long until) => _slowReaders[member] = until;

    public bool ReadsSlowly(SimulatedMember member) => _slowReaders.GetValueOrDefault(member.Id) > Now;

    public long DrawSlowRead(SimulatedMember member) =>
        ReadsSlowly(member) ? dice.Exponential(Scheduler.Second / 5) : 0;

    /// <summary>All that is under way is lost, as where all connections break.</summary>
    public void LoseInFlight()
    {
        _lostUntil = Now;
        BreakStreams(static _ => true);
    }

    /// <summary>Some of the last messages arrive again within a second.</summary>
    public void Replay()
    {
        var share = dice.Unit();
        foreach (var (from, to, path, frame) in _memory.Where(_ => dice.Chance(share)).ToArray())
        {
            Later(dice.Between(0, Scheduler.Second), (from, to, path), frame);
        }
    }

    public void BreakSnapshots() => BreakStreams(static stream => stream.IsSnapshot);

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

    /// <summary>Nothing is wrong between two members, in either direction.</summary>
    public bool IsSound(ulong one, ulong other) => !IsStorm
        && !IsCut(one, other) && !IsCut(other, one)
        && AilmentOf((one, other)) == default && AilmentOf((other, one)) == default;

    public bool IsCut(ulong from, ulong to) => _cut.Contains((from, to));

    /// <summary>What listens at the member's address and is no member.</summary>
    public EmptiedFounder? FindFounder(ulong id) => cluster.Find(id)?.Founder is { IsListening: true } founder ? founder : null;

    /// <summary>The running process of a member.</summary>
    public Incarnation? Find(ulong id) => cluster.Find(id)?.Running;

    public void After(long delay, Action happening) => cluster.Scheduler.After(delay, happening);

    public IWireStream Open(Incarnation caller, PeerHandshake hello, string path, IOutgoingStream machine)
    {
        var stream = new SimulatedStream(this, caller, hello, path, machine);
        _streams.RemoveAll(static old => old.IsOver);
        _streams.Add(stream);
        After(DrawDelay(), stream.Knock);
        return stream.Handle;
    }

    public void NoteOpen(SimulatedStream stream) => _open[stream.Way] = stream;

    /// <summary>A process has ended: its streams do, and their other ends hear of it or not.</summary>
    public void Ended(Incarnation member)
    {
        var saysSo = dice.Chance(0.5);
        foreach (var stream in _streams.Where(stream => stream.Touches(member)).ToArray())
        {
            stream.Died(member, saysSo);
        }
    }

    /// <summary>Another process runs at that address: what comes for the one before is answered with a reset.</summary>
    public void Restarted(ulong member)
    {
        foreach (var stream in _streams.Where(stream => stream.IsOf(member)).ToArray())
        {
            stream.Break("the connection was reset");
        }
    }

    /// <summary>Frames of a stream of messages, each on its own way.</summary>
    public void CarryFrames(ulong from, ulong to, string path, byte[] bytes)
    {
        for (var start = 0; start < bytes.Length;)
        {
            var length = PeerFrame.HeaderBytes + BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(start));
            CarryFrame((from, to, path), bytes[start..(start + length)]);
            start += length;
        }
    }

    /// <summary>Bytes as they may be cut on their way.</summary>
    public IEnumerable<byte[]> Cut(byte[] bytes)
    {
        for (var start = 0; start < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - start, 1 + dice.Next(Math.Max(2 * bytes.Length / 3, 4096)));
            yield return bytes[start..(start + length)];
            start += length;
        }
    }

    public long DrawDelay() => 10 + dice.Exponential(cluster.Swarm.DelayMicroseconds * (IsStorm ? 20 : 1));

    /// <summary>Until a pump that was woken has its turn.</summary>
    public long DrawPumpPause() => dice.Next(20);

    private void BreakStreams(Predicate<SimulatedStream> which)
    {
        foreach (var stream in _streams.Where(stream => which(stream)).ToArray())
        {
            stream.Break("the connection broke");
        }
    }

    private void CarryFrame((ulong From, ulong To, string Path) way, byte[] frame)
    {
        cluster.Trace.Add(frame);
        NoteVote(way.From, frame);
        var link = (way.From, way.To);
        if (IsCut(way.From, way.To)
            || (!cluster.IsQuiet && dice.Chance(cluster.Swarm.LossRate + (IsStorm ? 0.3 : 0) + AilmentOf(link).Loss)))
        {
            return;
        }

        Remember(way, frame);
        Deliver(way, frame);
        if (!cluster.IsQuiet && dice.Chance(cluster.Swarm.DuplicateRate))
        {
            Deliver(way, frame);
        }
    }

    private void NoteVote(ulong from, byte[] frame)
    {
        var kind = (MessageKind)frame[PeerFrame.HeaderBytes + 1];
        if (frame[4] == (byte)FrameKind.Message && kind is MessageKind.MsgVote or MessageKind.MsgVoteResp
            && MessageCodec.TryDecode(frame.AsSpan(PeerFrame.HeaderBytes), out var message, out _))
        {
            cluster.Checkers.Votes.Sent(from, message!);
        }
    }

    private void Remember((ulong From, ulong To, string Path) way, byte[] frame)
    {
        _memory.Enqueue((way.From, way.To, way.Path, frame));
        if (_memory.Count > Remembered)
        {
            _memory.Dequeue();
        }
    }

    private Ailment AilmentOf((ulong From, ulong To) link) =>
        _ailing.TryGetValue(link, out var ailment) && ailment.Until > Now ? ailment : default;

    private void Deliver((ulong From, ulong To, string Path) way, byte[] frame)
    {
        var delay = DrawDelay() + AilmentOf((way.From, way.To)).Delay;
        if (!cluster.IsQuiet && dice.Chance(cluster.Swarm.LateRate))
        {
            delay += dice.Exponential(LateMean);
        }
        else if (cluster.Swarm.KeepsOrder)
        {
            var arrival = Math.Max(Now + delay, _lastArrival.GetValueOrDefault(way));
            _lastArrival[way] = arrival;
            delay = arrival - Now;
        }

        Later(delay, way, frame);
    }

    private void Later(long delay, (ulong From, ulong To, string Path) way, byte[] frame)
    {
        var sent = Now;
        After(delay, () =>
        {
            if (sent > _lostUntil && !IsCut(way.From, way.To) && _open.TryGetValue(way, out var stream))
            {
                Look(way, frame);
                stream.Arrive(frame);
            }
        });
    }

    /// <summary>Some messages are a moment to wait for, and all are words for a reader.</summary>
    private void Look((ulong From, ulong To, string Path) way, byte[] frame)
    {
        var kind = (MessageKind)frame[PeerFrame.HeaderBytes + 1];
        if ((!cluster.Trace.IsPrinting && kind != MessageKind.MsgAppResp) || frame[4] != (byte)FrameKind.Message
            || Find(way.To) is not { } receiver)
        {
            return;
        }

        SafetyViolationException.Require(
            MessageCodec.TryDecode(frame.AsSpan(PeerFrame.HeaderBytes), out var message, out var error),
            $"a message cannot be read: {error}");
        if (cluster.Trace.IsPrinting)
        {
            cluster.Trace.Detail(Now, receiver.Host.Name, Describe(message!));
        }

        if (kind == MessageKind.MsgAppResp && receiver.Raft.Role == RaftRole.Leader
            && !message!.Reject && message.Index > receiver.Raft.Commit && !receiver.Raft.HasCommittedInTerm)
        {
            cluster.Ambush.Spring(receiver.Host, Moment.HeirHeard);
        }
    }

    private static string Describe(Message m) =>
        $"<- m{m.From.Value} {m.Kind} term {m.Term} at {m.LogTerm}/{m.Index} +{m.Entries.Count} commit {m.Commit}"
        + (m.Reject ? $" reject, hint {m.RejectHint}" : "") + (m.ReadId != 0 ? $" read {m.ReadId:x}" : "")
        + (m.Recovering ? " recovering" : "") + (m.Recovered ? " recovered" : "");
}
