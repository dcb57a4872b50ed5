// One attempt to send a snapshot, at its sender.
//
//   Opening --> Offered --> Sending --> Sent --> Over
//
// The receiver names the chunk to begin with, so an attempt goes on where the one before broke off. An attempt may take any
// time as long as it makes progress: the wire takes chunks, or the receiver reports more bytes. A limit on the whole time
// would never let a large state through a slow link.
//
// The race: the loop gives the attempt up (Tick, then LetGo) while the wire is reading a chunk. The lease must outlive that
// read, so both take _reading; and Over is final (Go), so no late step of the wire leads back to a stage that reads.

using System.Buffers;
using Microsoft.Extensions.Logging;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Peers;
using Raftd.Store.Snapshots;
using Raftd.Wal;

namespace Raftd.Node.Peers;

internal sealed class SnapshotSending(
    MemberInfo peer, SnapshotOfferFrame offer, SpoolLease lease, TimeProvider time, ILogger logger) : IOutgoingStream
{
    /// <summary>An attempt without progress for this long is given up.</summary>
    public static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(15);

    // Held while a chunk is read: the lease must not be disposed meanwhile.
    private readonly Lock _reading = new();
    private readonly FrameParser _frames = new();
    private readonly byte[] _offer = offer.Encode();
    private readonly ArrayBufferWriter<byte> _chunk = new();
    private long _progressAt = time.GetTimestamp();
    private ulong _received;
    private volatile Stage _stage = Stage.Opening;
    private ulong _nextChunk; // written before Sending is entered, then by Take alone
    private volatile string? _failure;
    private volatile bool _isInstalled;

    private enum Stage
    {
        Opening,
        Offering,
        Offered,
        Sending,
        Sent,
        Over,
    }

    public ulong Index => lease.Snapshot.Meta.Index;

    public bool IsInstalled => _isInstalled;

    /// <summary>The stream has ended, and its result is final.</summary>
    public bool IsOver => _stage == Stage.Over;

    public string Failure => _failure ?? "the stream ended";

    /// <summary>Null for a moment after the stream was opened; what happens in that moment has no stream to wake or abort, and
    /// the opener wakes it afterwards.</summary>
    public IWireStream? Stream { get; set; }

    public void Opened()
    {
        Go(Stage.Opening, Stage.Offering);
        NoteProgress();
        Stream?.Wake();
    }

    public void Refused(int status, string reason) => _failure ??= reason;

    public WireOutput Take()
    {
        switch (_stage)
        {
            case Stage.Offering:
                Go(Stage.Offering, Stage.Offered);
                return new WireOutput(_offer);
            case Stage.Sending:
                NoteProgress();
                lock (_reading)
                {
                    return IsOver ? new WireOutput(default, IsLast: true) : NextChunk();
                }

            default:
                return WireOutput.Nothing;
        }
    }

    public bool Receive(ReadOnlySpan<byte> bytes)
    {
        _frames.Push(bytes);
        while (_frames.TryRead(out var kind, out var payload))
        {
            Accept(kind, payload);
        }

        return true;
    }

    public void Finished()
    {
    }

    public void Closed(string reason)
    {
        _failure ??= reason;
        _stage = Stage.Over;
    }

    /// <summary>Ends the attempt; what was sent stays with the receiver for the next one.</summary>
    public void GiveUp(string reason)
    {
        _failure ??= reason;
        _stage = Stage.Over;
        Stream?.Abort();
    }

    /// <summary>Returns the lease: the file may be deleted. Only once the attempt is over.</summary>
    public void LetGo()
    {
        lock (_reading)
        {
            lease.Dispose();
        }
    }

    public void Tick()
    {
        if (!IsOver && lease.HasLostItsLog)
        {
            GiveUp("the log behind this snapshot has been deleted; a newer snapshot follows");
        }

        if (!IsOver && time.GetElapsedTime(Volatile.Read(ref _progressAt)) >= SilenceLimit)
        {
            GiveUp($"no progress for {SilenceLimit.TotalSeconds:0} s");
        }
    }

    private void Accept(FrameKind kind, ReadOnlySpan<byte> payload)
    {
        switch (kind)
        {
            case FrameKind.Resume when _stage == Stage.Offered:
                Begin(PeerFrame.ReadNumber(kind, payload));
                break;
            case FrameKind.Progress:
                // While the receiver installs, the number no longer rises: any report then counts as progress.
                var received = PeerFrame.ReadNumber(kind, payload);
                if (received > _received || received >= offer.Bytes)
                {
                    NoteProgress();
                }

                _received = received;
                break;
            case FrameKind.Installed:
                _isInstalled = true;
                GiveUp("it is done");
                break;
            case FrameKind.Declined:
                GiveUp(PeerFrame.ReadReason(payload));
                break;
            default:
                throw new InvalidDataException($"a {kind} where the snapshot is {_stage}");
        }
    }

    private void Begin(ulong chunk)
    {
        if (chunk > offer.Chunks)
        {
            throw new InvalidDataException($"asked for chunk {chunk} of {offer.Chunks}");
        }

        _nextChunk = chunk;
        NodeLog.SnapshotSending(logger, peer.Label, Index, chunk, offer.Chunks);
        NoteProgress();
        Go(Stage.Offered, Stage.Sending);
        Stream?.Wake();
    }

    /// <summary>A spool that cannot be read ends the attempt; the next attempt gets another spool.</summary>
    private WireOutput NextChunk()
    {
        try
        {
            Failpoint.Hit("snapshot.sent-chunk", static errno => new IOException($"errno {errno}"));
            if (_nextChunk == offer.Chunks)
            {
                Go(Stage.Sending, Stage.Sent);
                return new WireOutput(default, IsLast: true);
            }

            _chunk.ResetWrittenCount();
            lease.ReadChunk((long)_nextChunk++, _chunk);
            return new WireOutput(_chunk.WrittenMemory);
        }
        catch (Exception failure) when (failure is IOException or StorageIoException or SnapshotCorruptException)
        {
            GiveUp(failure.Message);
            return new WireOutput(default, IsLast: true);
        }
    }

    /// <summary>Moves to the next stage unless the attempt has left the one before. Over is final: the lease is returned then,
    /// and reading a chunk afterwards would stop the process.</summary>
    private void Go(Stage from, Stage to) => Interlocked.CompareExchange(ref _stage, to, from);

    private void NoteProgress() => Volatile.Write(ref _progressAt, time.GetTimestamp());
}
