using Microsoft.Extensions.Logging;
using Raftd.Node.Replication;
using Raftd.Peers;
using Raftd.Raft;

namespace Raftd.Node.Peers;

/// <summary>The receiving end of a stream of Raft messages that a peer opened: checks each frame and hands its message to the
/// replica.</summary>
/// <remarks>
/// A frame of the wrong kind, or a message that names other members than the stream's, ends the stream: the core trusts
/// From and To. A full replica holds the stream back, and the wire then holds the peer back.
/// </remarks>
internal sealed class RaftStreamEnd(
    PeerHandshake caller, string path, IIncomingStream stream, PeerDoor door, PeerTransport transport, Replica replica,
    DivergenceWatch divergence, PeerReports reports, ILogger logger) : IStreamMachine
{
    private readonly FrameParser _frames = new();

    // The one message that waits for room at the replica. Nothing behind it is read meanwhile, so order is kept.
    private Message? _held;
    private int _heldBytes;

    /// <summary>Nothing is sent in this direction.</summary>
    public WireOutput Take() => WireOutput.Nothing;

    public bool Receive(ReadOnlySpan<byte> bytes)
    {
        _frames.Push(bytes);
        if (!TryHandOver())
        {
            return false;
        }

        try
        {
            while (_frames.TryRead(out var kind, out var payload))
            {
                if (!Accept(kind, payload))
                {
                    return false;
                }
            }
        }
        catch (InvalidDataException garbage)
        {
            NodeLog.PeerGarbage(logger, caller.FromLabel, garbage.Message);
            throw;
        }

        return true;
    }

    /// <summary>A peer ends a stream only when its process ends, and then opens another one.</summary>
    public void Finished() => stream.Abort();

    public void Closed(string reason) => transport.Leave(caller);

    private bool Accept(FrameKind kind, ReadOnlySpan<byte> payload)
    {
        if (door.IsGone(caller.From))
        {
            // The peer learns of its removal when it opens the stream again. If this one stayed open, a removed member would
            // ask for votes on it for ever.
            stream.Abort();
            return true;
        }

        if (kind == FrameKind.Report && path == PeerPaths.Control)
        {
            AcceptReport(payload);
            return true;
        }

        _held = Decode(kind, payload);
        _heldBytes = payload.Length;
        return TryHandOver();
    }

    private bool TryHandOver()
    {
        if (_held is { } message && !replica.TryReceive(message, _heldBytes))
        {
            return false;
        }

        _held = null;
        return true;
    }

    private void AcceptReport(ReadOnlySpan<byte> payload)
    {
        if (!MemberReport.TryRead(payload, out var report))
        {
            throw new InvalidDataException($"a report has {payload.Length} bytes, not {MemberReport.EncodedBytes}");
        }

        reports.Set(caller.From, report);
        divergence.Report(caller.From, report.Hash);
    }

    private Message Decode(FrameKind kind, ReadOnlySpan<byte> payload)
    {
        if (kind != FrameKind.Message)
        {
            throw new InvalidDataException($"a {kind} does not belong on {path}");
        }

        if (!MessageCodec.TryDecode(payload, out var message, out var error))
        {
            throw new InvalidDataException(error);
        }

        if (!RaftStreams.Carries(path, message.Kind))
        {
            throw new InvalidDataException($"a {message.Kind} does not belong on {path}");
        }

        if (message.From.Value != caller.From || message.To.Value != caller.To)
        {
            throw new InvalidDataException($"a message from {message.From} to {message.To} on the stream of {caller.From:x16}");
        }

        return message;
    }
}
