// What travels on a stream between two members, after its headers have said who speaks to whom:
//
//   offset  bytes
//   0       4     length n of the payload, little-endian, at most PeerFrame.MaxPayloadBytes
//   4       1     kind: 0 = Raft message (MessageCodec), 1 = MemberReport
//   5       n     payload
//
// TCP carries the bytes whole, so a frame has no checksum of its own: what a frame brings into the log is checksummed
// there. A length or payload that makes no sense ends the stream with a reason.

using System.Buffers;
using System.Buffers.Binary;
using Raftd.Raft;

namespace Raftd.Node.Peers;

internal enum FrameKind : byte
{
    Message = 0,
    Report = 1,
}

internal static class PeerFrame
{
    public const int HeaderBytes = 5;

    /// <summary>One entry always fits: the largest value, its key and the message around it.</summary>
    public const int MaxPayloadBytes = 80 << 20;

    /// <summary>Appends a message as one frame.</summary>
    /// <param name="output">The bytes to send.</param>
    /// <param name="scratch">Cleared and used for the payload, whose length goes before it.</param>
    /// <param name="message">What to send.</param>
    public static void Write(ArrayBufferWriter<byte> output, ArrayBufferWriter<byte> scratch, Message message)
    {
        scratch.ResetWrittenCount();
        MessageCodec.Encode(scratch, message);
        WriteHeader(output, scratch.WrittenCount, FrameKind.Message);
        output.Write(scratch.WrittenSpan);
    }

    public static void Write(ArrayBufferWriter<byte> output, MemberReport report)
    {
        WriteHeader(output, MemberReport.EncodedBytes, FrameKind.Report);
        report.Write(output.GetSpan(MemberReport.EncodedBytes));
        output.Advance(MemberReport.EncodedBytes);
    }

    private static void WriteHeader(ArrayBufferWriter<byte> output, int length, FrameKind kind)
    {
        var header = output.GetSpan(HeaderBytes);
        BinaryPrimitives.WriteInt32LittleEndian(header, length);
        header[4] = (byte)kind;
        output.Advance(HeaderBytes);
    }
}
