// One attempt of a peer to send a snapshot, at its receiver.
//
//   AwaitingOffer --> AwaitingPlace --> Receiving --> AwaitingInstall --> Over
//
// An attempt ends early when it is declined, ousted by a later one, silent or broken. What it has sent stays in the place
// (SnapshotIntake), and the next attempt goes on behind it.
//
// Two threads meet here. The wire calls Receive, one call at a time; the peers' loop calls Tick. Receive alone changes
// _offer and _place; Tick may see them a little late, which delays a progress report. The flags that end the attempt are
// volatile. After HandOver the result comes from the core by way of Tick, and nothing that the sender does then changes it:
// the install goes on even if the stream breaks.

using Microsoft.Extensions.Logging;
using Raftd.Node.Replication;
using Raftd.Peers;
using Raftd.Raft;
using Raftd.State.Commands;
using Raftd.Store.Buckets;
using Raftd.Store.Snapshots;

namespace Raftd.Node.Peers;

internal sealed class SnapshotReception(
    PeerHandshake caller, IIncomingStream stream, SnapshotIntake intake, TimeProvider time, ILogger logger) : IStreamMachine
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(1);
    private const int MaxOutputBytes = 64 << 10;

    private readonly FrameParser _frames = new();
    private readonly OutputBuffer _output = new(MaxOutputBytes);
    private SnapshotOfferFrame? _offer;
    private SnapshotSlot? _place;
    private volatile SnapshotOffer? _handedOver;
    private volatile bool _isOver;
    private volatile bool _isOusted;
    private bool _hasSteppedTerm;
    private long _heardAt = time.GetTimestamp();
    private long _toldAt = time.GetTimestamp();

    /// <summary>A later attempt has taken the place.</summary>
    public bool IsOusted => _isOusted;

    public WireOutput Take() => new(_output.Take(), _isOver);

    public bool Receive(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            Volatile.Write(ref _heardAt, time.GetTimestamp());
        }

        if (_isOver)
        {
            return true;
        }

        if (_handedOver is not null)
        {
            // The core decides about the snapshot now, and the install does not depend on its sender any more.
            return bytes.IsEmpty
                ? true
                : throw new InvalidDataException($"{bytes.Length} bytes came behind the end of the snapshot");
        }

        if (_place is not null)
        {
            Feed(bytes);
            return true;
        }

        _frames.Push(bytes);
        if (_offer is null)
        {
            if (!_frames.TryRead(out var kind, out var payload))
            {
                return true;
            }

            _offer = SnapshotOfferFrame.Read(caller, kind, payload);
        }

        return TryTakePlace();
    }

    public void Finished()
    {
        if (!_isOver && _handedOver is null)
        {
            Over(PeerFrame.Declined("the stream ended before the snapshot did"));
        }
    }

    public void Closed(string reason)
    {
        _isOver = true;
        if (_place is not null && _handedOver is null && !_isOusted)
        {
            NodeLog.SnapshotBrokenOff(logger, caller.FromLabel, _place.NextChunk, reason);
        }

        intake.Leave(this);
    }

    /// <summary>Answers once the core has decided, reports progress to the sender, and ends a silent stream.</summary>
    public void Tick()
    {
        if (_isOver)
        {
            return;
        }

        if (_handedOver is { } handed)
        {
            if (handed.Task.IsCompleted)
            {
                Over(handed.Task.Result
                    ? PeerFrame.Of(FrameKind.Installed, [])
                    : PeerFrame.Declined("this member is ahead of the snapshot"));
                return;
            }
        }
        else if (time.GetElapsedTime(Volatile.Read(ref _heardAt)) >= SnapshotIntake.SilenceLimit)
        {
            _isOver = true;
            stream.Abort();
            return;
        }

        if (_place is { } place && time.GetElapsedTime(_toldAt) >= ProgressInterval)
        {
            _toldAt = time.GetTimestamp();
            Say(PeerFrame.Of(FrameKind.Progress, place.ReceivedBytes));
        }
    }

    /// <summary>The place belongs to another stream from now on. Under the lock of the place.</summary>
    public void Oust()
    {
        _isOusted = true;
        _isOver = true;
        stream.Abort();
    }

    /// <summary>Tells the core of a leader of a later term, as any message from that leader would.</summary>
    public void StepTermOnce(Replica replica)
    {
        if (_hasSteppedTerm)
        {
            return;
        }

        var header = _offer!.Header;
        _hasSteppedTerm = replica.TryReceive(new Message
        {
            Kind = MessageKind.MsgHeartbeat,
            From = header.From,
            To = header.To,
            Term = header.Term,
        });
    }

    private bool TryTakePlace()
    {
        if (intake.TryAdmit(this, _offer!) is not { } admission)
        {
            return false;
        }

        if (admission.Refusal is { } refusal)
        {
            Over(PeerFrame.Declined(refusal));
            return true;
        }

        _place = admission.Place!;
        Say(PeerFrame.Of(FrameKind.Resume, _place.NextChunk));
        return true;
    }

    private void Feed(ReadOnlySpan<byte> bytes)
    {
        try
        {
            Failpoint.Hit("snapshot.received-chunk", static errno => new IOException($"errno {errno}"));
            if (_place!.Feed(this, bytes) is not { } meta)
            {
                return;
            }

            if (intake.Contradiction(meta, _offer!.Header) is { } contradiction)
            {
                Decline(contradiction);
                return;
            }

            Failpoint.Hit("snapshot.received");
            _handedOver = intake.HandOver(_place, _offer.Header);
        }
        catch (NewerLevelException newer)
        {
            Decline(newer.Message);
            intake.Newer(newer);
        }
        catch (Exception failure) when (failure is SnapshotCorruptException or BucketStoreException or IOException)
        {
            Decline(failure.Message);
        }
    }

    /// <summary>Refuses a snapshot that can never be used.</summary>
    private void Decline(string reason)
    {
        intake.Clear(_place!, reason);
        Over(PeerFrame.Declined(reason));
    }

    private void Over(byte[] lastFrame)
    {
        Say(lastFrame);
        _isOver = true;
        stream.Wake();
    }

    private void Say(byte[] frame)
    {
        _output.TryWrite(frame, []);
        stream.Wake();
    }
}
