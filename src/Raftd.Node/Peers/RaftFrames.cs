using Raftd.Peers;
using Raftd.Raft;

namespace Raftd.Node.Peers;

/// <summary>The frames that carry Raft's messages, and the reports beside them.</summary>
internal static class RaftFrames
{
    /// <summary>The bytes before the body of a message.</summary>
    public const int MessageHeadBytes = PeerFrame.HeaderBytes + MessageCodec.HeaderBytes;

    /// <summary>The frame's and the message's header: the part that differs between peers that get the same entries.</summary>
    /// <param name="destination">MessageHeadBytes long.</param>
    /// <param name="message">The message to send.</param>
    /// <param name="bodyBytes">Length of what MessageCodec.EncodeBody wrote.</param>
    public static void WriteMessageHead(Span<byte> destination, Message message, int bodyBytes)
    {
        PeerFrame.WriteHeader(destination, FrameKind.Message, MessageCodec.HeaderBytes + bodyBytes);
        MessageCodec.EncodeHeader(destination[PeerFrame.HeaderBytes..], message);
    }

    public static byte[] Of(MemberReport report)
    {
        var frame = new byte[PeerFrame.HeaderBytes + MemberReport.EncodedBytes];
        PeerFrame.WriteHeader(frame, FrameKind.Report, MemberReport.EncodedBytes);
        report.Write(frame.AsSpan(PeerFrame.HeaderBytes));
        return frame;
    }
}
