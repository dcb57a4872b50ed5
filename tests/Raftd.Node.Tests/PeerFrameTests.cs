using System.Buffers;
using System.Buffers.Binary;
using Raftd.Node.Peers;
using Raftd.Peers;
using Raftd.Raft;

namespace Raftd.Node.Tests;

public sealed class PeerFrameTests
{
    private static readonly MemberReport Report =
        new(new HashReport(7, 8), QuotaBytes: 9, IsDiskFull: true, FeatureLevel: 3, new LogNeed(10, 11));

    [Fact]
    public void TryRead_AnyCutOfTheStream_GivesTheSameFrames()
    {
        var bytes = TwoFrames();
        for (var step = 1; step <= bytes.Length; step++)
        {
            var frames = ReadAll(bytes, step, out var isInsideFrame);

            Assert.Equal([FrameKind.Message, FrameKind.Report], frames.Select(frame => frame.Kind));
            Assert.True(MessageCodec.TryDecode(frames[0].Payload, out var message, out var error), error);
            Assert.Equal(3000, message.Entries[0].Data.Length);
            Assert.True(MemberReport.TryRead(frames[1].Payload, out var read));
            Assert.Equal(Report, read);
            Assert.False(isInsideFrame);
        }
    }

    /// <summary>Members of two builds must hear each other's level: a newer one adds to the report, and takes nothing away.</summary>
    [Fact]
    public void Report_OfANewerBuild_IsReadAsFarAsThisOneKnowsIt()
    {
        var bytes = new byte[MemberReport.EncodedBytes + 9];
        Report.Write(bytes);
        Assert.True(MemberReport.TryRead(bytes, out var read));
        Assert.Equal(Report, read);
        Assert.False(MemberReport.TryRead(bytes.AsSpan(0, MemberReport.EncodedBytes - 1), out _));
    }

    [Fact]
    public void TryRead_EveryPrefix_GivesNoFrame()
    {
        var bytes = TwoFrames();
        var first = PeerFrame.HeaderBytes + BinaryPrimitives.ReadInt32LittleEndian(bytes);
        for (var length = 1; length < first; length++)
        {
            Assert.Empty(ReadAll(bytes[..length], step: 1000, out var isInsideFrame));
            Assert.True(isInsideFrame);
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(PeerFrame.MaxPayloadBytes + 1)]
    [InlineData(int.MaxValue)]
    public void TryRead_HostileLength_IsRefused(int length)
    {
        var header = new byte[PeerFrame.HeaderBytes];
        BinaryPrimitives.WriteInt32LittleEndian(header, length);

        Assert.Throws<InvalidDataException>(() => ReadAll(header, step: 1, out _));
    }

    [Fact]
    public void Push_PromisedLengthNeverComes_TakesNoMemoryForIt()
    {
        var header = new byte[PeerFrame.HeaderBytes];
        BinaryPrimitives.WriteInt32LittleEndian(header, PeerFrame.MaxPayloadBytes);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Empty(ReadAll(header, step: 1, out _));

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    [Fact]
    public void Send_TheSameEntriesToTwoPeers_HasOneBody()
    {
        IReadOnlyList<Entry> entries = [new Entry(new EntryId(3, 1), EntryKind.Normal, new byte[100])];
        var body = new ArrayBufferWriter<byte>();
        MessageCodec.EncodeBody(body, Append(to: 2, entries));
        foreach (var to in (ulong[])[2, 3])
        {
            var whole = new ArrayBufferWriter<byte>();
            MessageCodec.Encode(whole, Append(to, entries));
            Assert.Equal(whole.WrittenSpan[MessageCodec.HeaderBytes..], body.WrittenSpan);
        }
    }

    private static List<(FrameKind Kind, byte[] Payload)> ReadAll(byte[] bytes, int step, out bool isInsideFrame)
    {
        var parser = new FrameParser();
        var frames = new List<(FrameKind Kind, byte[] Payload)>();
        for (var start = 0; start < bytes.Length; start += step)
        {
            parser.Push(bytes.AsSpan(start, Math.Min(step, bytes.Length - start)));
            while (parser.TryRead(out var kind, out var payload))
            {
                frames.Add((kind, payload.ToArray()));
            }
        }

        isInsideFrame = frames.Sum(static frame => PeerFrame.HeaderBytes + frame.Payload.Length) < bytes.Length;
        return frames;
    }

    private static Message Append(ulong to, IReadOnlyList<Entry> entries) => new()
    {
        Kind = MessageKind.MsgApp,
        From = new NodeId(1),
        To = new NodeId(to),
        Term = 3,
        Entries = entries,
    };

    private static byte[] TwoFrames()
    {
        var message = Append(to: 2, [new Entry(new EntryId(3, 1), EntryKind.Normal, new byte[3000])]);
        var body = new ArrayBufferWriter<byte>();
        MessageCodec.EncodeBody(body, message);
        var head = new byte[RaftFrames.MessageHeadBytes];
        RaftFrames.WriteMessageHead(head, message, body.WrittenCount);
        return [.. head, .. body.WrittenSpan, .. RaftFrames.Of(Report)];
    }
}
