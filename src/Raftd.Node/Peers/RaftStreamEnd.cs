using Microsoft.Extensions.Logging;
using Raftd.Node.Replication;
using Raftd.Raft;

namespace Raftd.Node.Peers;

/// <summary>The receiving end of a stream of Raft messages that a peer opened: takes from it what belongs on it, and hands
/// that to the replica.</summary>
/// <remarks>A full replica holds the stream back, and the wire the peer.</remarks>
internal sealed class RaftStreamEnd(
    PeerHandshake caller, string path, IIncomingStream stream, PeerDoor door, PeerTransport transport, Replica replica,
    DivergenceWatch divergence, PeerReports reports, ILogger logger) : IStreamMachine
{
    private readonly FrameParser _frames = new();

    // Waits for room at the replica.
    private Message? _held;
    private int _heldBytes;

    /// <summary>This direction only listens.</summary>
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

    /// <summary>The peer ends a stream only with its process; it opens another one.</summary>
    public void Finished() => stream.Abort();

    public void Closed(string reason) => transport.Leave(caller);

    private bool Accept(FrameKind kind, ReadOnlySpan<byte> payload)
    {
        if (door.IsGone(caller.From))
        {
            // Its next attempt to open the stream is told so: without it a removed member would ask for votes on its old
            // streams for ever.
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

        if (!PeerPaths.Carries(path, message.Kind))
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
