using System.Buffers;
using System.Buffers.Binary;
using Raftd.Node.Peers;
using Raftd.Raft;

namespace Raftd.Node.Tests;

public sealed class PeerFrameTests
{
    private static readonly MemberReport Report = new(new HashReport(7, 8), QuotaBytes: 9, IsDiskFull: true, new LogNeed(10, 11));

    [Fact]
    public async Task ReadAsync_AnyCutOfTheStream_GivesTheSameFrames()
    {
        var bytes = TwoFrames();
        for (var step = 1; step <= bytes.Length; step++)
        {
            var reader = new FrameReader(new DrippingStream(bytes, step));

            var message = await ReadMessageAsync(reader);
            Assert.Equal(MessageKind.MsgApp, message.Kind);
            Assert.Equal(3000, message.Entries[0].Data.Length);
            var report = await reader.ReadAsync(TestContext.Current.CancellationToken);
            Assert.Equal(FrameKind.Report, reader.Kind);
            Assert.True(MemberReport.TryRead(report!.Value.Span, out var read));
            Assert.Equal(Report, read);
            Assert.Null(await reader.ReadAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task ReadAsync_EveryPrefix_EndsWithAReasonAndNeverWithAFrame()
    {
        var bytes = TwoFrames();
        var first = PeerFrame.HeaderBytes + BinaryPrimitives.ReadInt32LittleEndian(bytes);
        for (var length = 1; length < first; length++)
        {
            var reader = new FrameReader(new MemoryStream(bytes, 0, length));
            await Assert.ThrowsAsync<InvalidDataException>(
                async () => await reader.ReadAsync(TestContext.Current.CancellationToken));
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(PeerFrame.MaxPayloadBytes + 1)]
    [InlineData(int.MaxValue)]
    public async Task ReadAsync_HostileLength_IsRefused(int length)
    {
        var header = new byte[PeerFrame.HeaderBytes];
        BinaryPrimitives.WriteInt32LittleEndian(header, length);
        var reader = new FrameReader(new MemoryStream(header));

        await Assert.ThrowsAsync<InvalidDataException>(
            async () => await reader.ReadAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ReadAsync_PromisedLengthNeverComes_TakesNoMemoryForIt()
    {
        var header = new byte[PeerFrame.HeaderBytes];
        BinaryPrimitives.WriteInt32LittleEndian(header, PeerFrame.MaxPayloadBytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var reader = new FrameReader(new MemoryStream(header));

        await Assert.ThrowsAsync<InvalidDataException>(
            async () => await reader.ReadAsync(TestContext.Current.CancellationToken));

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    [Fact]
    public async Task ReadRawAsync_AfterAFrame_GivesTheRestOfTheStream()
    {
        var bytes = TwoFrames();
        var reader = new FrameReader(new DrippingStream([.. bytes, 1, 2, 3], step: 1000));
        await ReadMessageAsync(reader);
        await reader.ReadAsync(TestContext.Current.CancellationToken);

        var rest = new List<byte>();
        while (await reader.ReadRawAsync(TestContext.Current.CancellationToken) is { IsEmpty: false } part)
        {
            rest.AddRange(part.ToArray());
        }

        Assert.Equal([1, 2, 3], rest);
    }

    private static async Task<Message> ReadMessageAsync(FrameReader reader)
    {
        var payload = await reader.ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal(FrameKind.Message, reader.Kind);
        Assert.True(MessageCodec.TryDecode(payload!.Value.Span, out var message, out var error), error);
        return message;
    }

    private static byte[] TwoFrames()
    {
        var output = new ArrayBufferWriter<byte>();
        PeerFrame.Write(output, new ArrayBufferWriter<byte>(), new Message
        {
            Kind = MessageKind.MsgApp,
            From = new NodeId(1),
            To = new NodeId(2),
            Term = 3,
            Entries = [new Entry(new EntryId(3, 1), EntryKind.Normal, new byte[3000])],
        });
        PeerFrame.Write(output, Report);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Gives at most so many bytes for each read.</summary>
    private sealed class DrippingStream(byte[] bytes, int step) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(step, buffer.Length)], cancellationToken);
    }
}
