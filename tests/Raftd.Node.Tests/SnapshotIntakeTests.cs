using System.Buffers;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Node.Membership;
using Raftd.Node.Peers;
using Raftd.Node.Replication;
using Raftd.Peers;
using Raftd.Raft;
using Raftd.Testing.Clocks;

namespace Raftd.Node.Tests;

/// <summary>Who may fill the one place for a snapshot, how an attempt goes on, and what becomes of the one before.</summary>
public sealed class SnapshotIntakeTests : IDisposable
{
    private const ulong Receiver = 2;
    private const ulong OtherLeader = 3;
    private const ulong Start = 7;

    private static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private readonly ManualTime _time = new();
    private readonly SteppedMember _leader;
    private readonly SteppedMember _member;
    private readonly SpoolLease _lease;
    private readonly byte[][] _chunks;
    private readonly ulong _term;
    private readonly SnapshotIntake _intake;

    public SnapshotIntakeTests()
    {
        _leader = SteppedMember.Leader(_time, Receiver, OtherLeader);
        _leader.Write(keys: 20);
        _lease = _leader.Spool();
        _chunks = [.. Enumerable.Range(0, (int)_lease.Snapshot.ChunkCount).Select(Chunk)];
        Assert.InRange(_chunks.Length, 5, 100);
        _term = _leader.Replica.Status.Term;
        _member = SteppedMember.Newcomer(Receiver, _time, [1, OtherLeader]);
        _intake = new SnapshotIntake(
            _member.StateDirectory, _member.Replica, SteppedMember.ClusterId, RaftdNode.NewestFeatureLevel, _time, NullLogger.Instance);
    }

    public void Dispose()
    {
        _lease.Dispose();
        _leader.Dispose();
        _member.Dispose();
    }

    /// <summary>The core decides who leads: the offer waits for it, and is then the leader's.</summary>
    [Fact]
    public void OfferOfALaterTerm_IsSteppedFirst_AndThenAdmitted()
    {
        var (machine, _) = Open();

        Assert.False(machine.Receive(Offer(_term)));
        Assert.False(machine.Receive([]));
        Assert.True(machine.Take().Bytes.IsEmpty);

        _member.Run();
        Assert.Equal((_term, 1UL), (_member.Replica.Status.Term, _member.Replica.Status.Leader.Value));
        Assert.True(machine.Receive([]));
        Assert.Equal("Resume 0", Spoken.OfReceiver(machine.Take()));
    }

    [Fact]
    public void OfferOfALaterTerm_TakesThePlaceOfTheFormerLeader_AndBeginsAnew()
    {
        var (former, formerStream) = Admit(Offer(_term), "Resume 0");
        Feed(former, 0, 3);

        var (next, _) = Admit(Offer(_term + 1, OtherLeader), "Resume 0", OtherLeader);

        Assert.True(formerStream.IsAborted);
        Feed(former, 3, _chunks.Length);
        Assert.Null(_intake.LastHandedOver);
        Feed(next, 0, _chunks.Length);
        Installs(next);
    }

    [Fact]
    public void Offer_OfAnEarlierTerm_IsDeclined()
    {
        _member.Hear(OtherLeader, _term + 1);

        var (machine, _) = Open();
        Assert.True(machine.Receive(Offer(_term)));

        Assert.StartsWith($"Declined term {_term} is over here", Spoken.OfReceiver(machine.Take()), StringComparison.Ordinal);
    }

    [Fact]
    public void OfferOfTheTerm_FromAnotherThanItsLeader_IsDeclined()
    {
        _member.Hear(1, _term);

        var (machine, _) = Open(OtherLeader);
        Assert.True(machine.Receive(Offer(_term, OtherLeader)));

        Assert.StartsWith("Declined", Spoken.OfReceiver(machine.Take()), StringComparison.Ordinal);
    }

    /// <summary>Whether the former stream was known to be broken or not.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Sender_TriesAgain_GoesOnBehindTheLastWholeChunk(bool hasBroken)
    {
        var (former, formerStream) = Admit(Offer(_term), "Resume 0");
        Feed(former, 0, 2);
        former.Receive(_chunks[2].AsSpan(0, _chunks[2].Length / 2));
        if (hasBroken)
        {
            former.Closed("the cable was cut");
        }

        var (later, _) = Admit(Offer(_term), "Resume 2");

        Assert.Equal(!hasBroken, formerStream.IsAborted);
        former.Receive(_chunks[2].AsSpan(_chunks[2].Length / 2));
        Feed(later, 2, _chunks.Length);
        Installs(later);
    }

    [Theory]
    [InlineData(Start + 1, 0)]
    [InlineData(Start, 1)]
    public void LaterAttempt_WithAnotherSnapshot_BeginsAnew(ulong start, ulong laterSnapshot)
    {
        var (former, _) = Admit(Offer(_term), "Resume 0");
        Feed(former, 0, 2);

        var (later, _) = Admit(Offer(_term, start: start, snapshot: _lease.Snapshot.Id + laterSnapshot), "Resume 0");

        Feed(later, 0, _chunks.Length);
        Installs(later);
    }

    /// <summary>A chunk that is just being written is finished: the later attempt waits for it, and has it.</summary>
    [Fact]
    public void LaterAttempt_WhileAChunkIsWritten_WaitsForItsEnd()
    {
        var (former, formerStream) = Admit(Offer(_term), "Resume 0");
        Feed(former, 0, 1);
        var (later, _) = Open();
        bool? isDecided = null;
        Exception? failure = null;
        _member.OnStateWrite = () =>
        {
            _member.OnStateWrite = static () => { };
            var other = new Thread(() => failure = Record.Exception(() => isDecided = later.Receive(Offer(_term))));
            other.Start();
            other.Join();
            Assert.False(formerStream.IsAborted);
        };

        Feed(former, 1, 2);

        Assert.Null(failure);
        Assert.False(isDecided);
        Assert.True(later.Receive([]));
        Assert.Equal("Resume 2", Spoken.OfReceiver(later.Take()));
    }

    [Fact]
    public void SilentSender_LosesItsStream_NotWhatItSent()
    {
        var (machine, stream) = Admit(Offer(_term), "Resume 0");
        Pass(SnapshotIntake.SilenceLimit - Moment);
        Feed(machine, 0, 2);
        Pass(SnapshotIntake.SilenceLimit - Moment);
        Assert.False(stream.IsAborted);

        Pass(Moment);

        Assert.True(stream.IsAborted);
        machine.Closed("it was given up here");
        Admit(Offer(_term), "Resume 2");
    }

    [Fact]
    public void Sender_OffersNothing_LosesItsStream()
    {
        var (_, stream) = Open();

        Pass(SnapshotIntake.SilenceLimit);

        Assert.True(stream.IsAborted);
    }

    [Theory]
    [InlineData(false, "Resume 2")]
    [InlineData(true, "Resume 0")]
    public void Chunks_TheirSenderLeft_WaitForAMinute(bool hasPassed, string answer)
    {
        var (machine, _) = Admit(Offer(_term), "Resume 0");
        Feed(machine, 0, 2);
        machine.Closed("the cable was cut");

        Pass(hasPassed ? KeptFor : KeptFor - Moment);

        Admit(Offer(_term), answer);
    }

    [Fact]
    public void Receiver_WhileItTakesIn_SaysEachSecondHowFarItIs()
    {
        var (machine, _) = Admit(Offer(_term), "Resume 0");
        Feed(machine, 0, 2);

        Pass(TimeSpan.FromSeconds(1));

        Assert.Equal($"Progress {_chunks[0].Length + _chunks[1].Length}", Spoken.OfReceiver(machine.Take()));
    }

    /// <summary>Neither a later leader, nor a break, nor silence ends what the core was asked for.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void InstallHandedToTheCore_IsFinished_NeverReplaced(bool hasBroken)
    {
        var (machine, stream) = Admit(Offer(_term), "Resume 0");
        Feed(machine, 0, _chunks.Length);
        Assert.NotNull(_intake.LastHandedOver);
        if (hasBroken)
        {
            machine.Closed("the cable was cut");
        }

        Pass(KeptFor);
        Assert.False(stream.IsAborted);
        var (other, _) = Open(OtherLeader);
        Assert.True(other.Receive(Offer(_term + 1, OtherLeader)));
        Assert.Equal("Declined this member is installing a snapshot", Spoken.OfReceiver(other.Take()));

        if (hasBroken)
        {
            _member.Run();
            Assert.Equal(_lease.Snapshot.Meta.Index, _member.Applied);
        }
        else
        {
            machine.Take();
            Installs(machine);
        }
    }

    /// <summary>Such bytes emptied the place under the core, and that ends the process.</summary>
    [Fact]
    public void BytesBehindTheEnd_EndTheStream_AndTheInstallIsFinished()
    {
        var (machine, _) = Admit(Offer(_term), "Resume 0");
        Feed(machine, 0, _chunks.Length);

        Assert.Throws<InvalidDataException>(() => machine.Receive([1]));
        machine.Closed("garbage");

        _member.Run();
        _intake.Tick();
        Assert.Equal(_lease.Snapshot.Meta.Index, _member.Applied);
    }

    [Fact]
    public void DamagedChunk_EndsTheAttempt_AndTheNextBeginsAnew()
    {
        var (machine, _) = Admit(Offer(_term), "Resume 0");
        Feed(machine, 0, 2);
        var damaged = (byte[])_chunks[2].Clone();
        damaged[^1] ^= 1;

        Assert.True(machine.Receive(damaged));

        Assert.StartsWith("Declined", Spoken.OfReceiver(machine.Take()), StringComparison.Ordinal);
        Admit(Offer(_term), "Resume 0");
    }

    /// <summary>Before a byte is sent; and the core says where this member stands.</summary>
    [Fact]
    public void Offer_BehindTheMember_IsDeclined()
    {
        var (first, _) = Admit(Offer(_term), "Resume 0");
        Feed(first, 0, _chunks.Length);
        Installs(first);
        var said = _member.Sent.Count;

        var (again, _) = Open();
        Assert.True(again.Receive(Offer(_term)));
        var answer = again.Take();

        Assert.StartsWith("Declined this member is ahead", Spoken.OfReceiver(answer), StringComparison.Ordinal);
        Assert.True(answer.IsLast);
        _member.Run();
        Assert.Contains(_member.Sent.Skip(said), message =>
            message.Kind == MessageKind.MsgAppResp && message.Index == _lease.Snapshot.Meta.Index);
    }

    private (IStreamMachine Machine, HeldStream Stream) Open(ulong from = 1)
    {
        var stream = new HeldStream();
        var caller = new PeerHandshake(SteppedMember.ClusterId, from, Receiver, $"m{from}", "receiver");
        return (_intake.Begin(caller, stream), stream);
    }

    /// <summary>Opens a stream, makes the offer, and lets the core hear of its term.</summary>
    private (IStreamMachine Machine, HeldStream Stream) Admit(byte[] offer, string answer, ulong from = 1)
    {
        var (machine, stream) = Open(from);
        if (!machine.Receive(offer))
        {
            _member.Run();
            Assert.True(machine.Receive([]));
        }

        Assert.Equal(answer, Spoken.OfReceiver(machine.Take()));
        return (machine, stream);
    }

    private void Feed(IStreamMachine machine, int first, int end)
    {
        for (var chunk = first; chunk < end; chunk++)
        {
            Assert.True(machine.Receive(_chunks[chunk]));
        }
    }

    /// <summary>The core decides, the sender is told, and the place is free again.</summary>
    private void Installs(IStreamMachine machine)
    {
        _member.Run();
        _intake.Tick();
        Assert.Equal("Installed", Spoken.OfReceiver(machine.Take()));
        Assert.Equal(_lease.Snapshot.Meta.Index, _member.Applied);
    }

    private void Pass(TimeSpan time)
    {
        _time.Advance(time);
        _intake.Tick();
    }

    private byte[] Chunk(int number)
    {
        var output = new ArrayBufferWriter<byte>();
        _lease.ReadChunk(number, output);
        return output.WrittenSpan.ToArray();
    }

    private byte[] Offer(ulong term, ulong from = 1, ulong start = Start, ulong? snapshot = null)
    {
        var meta = _lease.Snapshot.Meta;
        var header = new Message
        {
            Kind = MessageKind.MsgSnap,
            From = new NodeId(from),
            To = new NodeId(Receiver),
            Term = term,
            Snapshot = new SnapshotMetadata(
                new EntryId(meta.Term, meta.Index), Configurations.Decode(meta.Configuration), meta.ConfigurationIndex),
        };
        return new SnapshotOfferFrame(
            start, snapshot ?? _lease.Snapshot.Id, (ulong)_chunks.Length, (ulong)_lease.Snapshot.TotalBytes, header).Encode();
    }
}
