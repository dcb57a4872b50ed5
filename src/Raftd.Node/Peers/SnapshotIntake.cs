// The one place for a snapshot that comes in, beside the state in use.
//
// The naive way lets each stream write a store of its own and installs the one that is done first. Two senders then need
// twice the disk, a deposed leader can replace the state by an old one, and a stream that breaks after an hour starts
// again from nothing. So there is one place (SnapshotSlot), and a stream has to be admitted to it:
//
//   1. An install that the core has been asked for is finished and never replaced.
//   2. Only the leader of the core's term may send. An offer of a later term is first stepped as a heartbeat of that term,
//      so that the core decides; an offer of an earlier term is declined.
//   3. A later attempt of the same sender takes the place over. If it offers the snapshot that is there in part, it goes on
//      behind the last whole chunk; otherwise it starts again.
//   4. So does the next leader: what a former leader left is dropped.
//
//   [ empty ] -- admitted --> [ filling ] -- verified --> [ handed over ] -- the core has decided --> [ empty ]
//                              |      ^
//         stream lost, ousted  v      | next attempt of the same snapshot
//                             [ waiting ] -- another sender, or a minute --> [ empty ]
//
// Invariants:
//  - At most one stream fills the place. A stream that is ousted writes no byte afterwards: it is paused, and marked, under
//    the lock that it holds while it writes (SnapshotSlot.TryPause).
//  - What is handed over is whole and verified, and no stream writes to it any more.
//  - A snapshot that was handed over leaves the place only when the core has decided (Settle).
//
// Locks: _gate first, then the writing lock of the place, and the second only by trying. A stream that is writing a chunk
// may take long on a slow disk; an admission that meets it is asked again and does not wait under _gate.
//
// A sender that falls silent loses its stream and keeps what it has sent: that waits for its next attempt until another
// sender needs the place, or for a minute.

using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Raftd.Node.Replication;
using Raftd.Peers;
using Raftd.Raft;
using Raftd.State.Commands;
using Raftd.Store.Buckets;

namespace Raftd.Node.Peers;

internal sealed class SnapshotIntake(
    IStateDirectory directory, Replica replica, ulong clusterId, int knownLevel, TimeProvider time, ILogger logger)
{
    /// <summary>A sender that sends nothing for this long loses its stream.</summary>
    public static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(1);

    // Guards all below. Chunks are written outside it, under the lock of the place.
    private readonly Lock _gate = new();
    private readonly List<SnapshotReception> _streams = [];
    private SnapshotSlot? _place;

    /// <summary>Called when a snapshot has a level that this build does not know: the member must stop, since any other snapshot
    /// of the cluster has that level too.</summary>
    public Action<NewerLevelException> Newer { get; set; } = static _ => { };

    /// <summary>The last snapshot that the core was asked to install; for tests.</summary>
    public SnapshotOffer? LastHandedOver { get; private set; }

    public IStreamMachine Begin(PeerHandshake caller, IIncomingStream stream)
    {
        var reception = new SnapshotReception(caller, stream, this, time, logger);
        lock (_gate)
        {
            _streams.Add(reception);
        }

        return reception;
    }

    public void Tick()
    {
        SnapshotReception[] streams;
        lock (_gate)
        {
            streams = [.. _streams];
            Settle();
            ForgetIfStale();
        }

        foreach (var stream in streams)
        {
            stream.Tick();
        }
    }

    /// <summary>Gives the place to the stream that made the offer.</summary>
    /// <returns>Null while that cannot be decided yet: ask again.</returns>
    public SnapshotAdmission? TryAdmit(SnapshotReception stream, SnapshotOfferFrame offer)
    {
        lock (_gate)
        {
            if (_place is { IsHandedOver: true })
            {
                return SnapshotAdmission.Declined("this member is installing a snapshot");
            }

            var status = replica.Status;
            if (offer.Header.Term > status.Term)
            {
                // The core answers with its next step: by then the status shows the term.
                stream.StepTermOnce(replica);
                return null;
            }

            if (offer.Header.Term < status.Term || (!status.Leader.IsNone && status.Leader != offer.Header.From))
            {
                return SnapshotAdmission.Declined(
                    $"term {offer.Header.Term} is over here: this member is in term {status.Term} and follows member "
                    + $"{status.Leader} (0: none), not {offer.Header.From}");
            }

            if (status.Commit >= offer.Header.Snapshot!.Id.Index)
            {
                // Not a byte of it is needed. The core answers the offer itself, and so tells the leader where this member is.
                replica.TryReceive(offer.Header);
                return SnapshotAdmission.Declined($"this member is ahead of the snapshot, at {status.Commit}");
            }

            return TryGivePlace(stream, offer);
        }
    }

    /// <summary>The snapshot is whole and verified: the core decides.</summary>
    /// <remarks>In this order: the state directory must keep the store before the core can ask for it.</remarks>
    public SnapshotOffer HandOver(SnapshotSlot place, Message header)
    {
        lock (_gate)
        {
            var handed = new SnapshotOffer(header, place.Store);
            directory.HandOverInstall();
            place.HandedOver = LastHandedOver = handed;
            replica.Offer(handed);
            return handed;
        }
    }

    /// <summary>Drops a snapshot that can never be used.</summary>
    public void Clear(SnapshotSlot place, string refusal)
    {
        lock (_gate)
        {
            if (_place == place)
            {
                Abandon(refusal);
            }
        }
    }

    public void Leave(SnapshotReception stream)
    {
        lock (_gate)
        {
            _streams.Remove(stream);
            if (_place is { } place && place.Stream == stream)
            {
                place.Stream = null;
                place.LeftAt = time.GetTimestamp();
            }
        }
    }

    /// <summary>Null when the snapshot is the one that was offered; else what it is instead.</summary>
    public string? Contradiction(Store.Snapshots.SnapshotMeta meta, Message header) =>
        meta.ClusterId == clusterId && meta.Index == header.Snapshot!.Id.Index && meta.Term == header.Snapshot.Id.Term
            ? null
            : $"the snapshot is of cluster {meta.ClusterId:x16} at {meta.Index}, not what was offered";

    private SnapshotAdmission? TryGivePlace(SnapshotReception stream, SnapshotOfferFrame offer)
    {
        if (_place is { } place)
        {
            if (!place.TryPause())
            {
                // Its stream is writing a chunk at this moment: ask again.
                return null;
            }

            place.Stream?.Oust();
            if (place.IsOf(offer))
            {
                place.Stream = stream;
                place.Resume();
                NodeLog.SnapshotResuming(logger, offer.Header.Snapshot!.Id.Index, place.NextChunk, offer.Chunks);
                return SnapshotAdmission.Admitted(place);
            }

            place.Resume();
            Abandon($"a snapshot of {offer.Header.Snapshot!.Id.Index} from {offer.Header.From} takes its place");
        }

        return TryBegin(offer, out place, out var failure)
            ? SnapshotAdmission.Admitted(Occupy(place, stream))
            : SnapshotAdmission.Declined(failure);
    }

    private SnapshotSlot Occupy(SnapshotSlot place, SnapshotReception stream)
    {
        place.Stream = stream;
        return _place = place;
    }

    private bool TryBegin(
        SnapshotOfferFrame offer, [NotNullWhen(true)] out SnapshotSlot? place, [NotNullWhen(false)] out string? failure)
    {
        NodeLog.SnapshotReceiving(logger, offer.Header.Snapshot!.Id.Index);
        try
        {
            place = new SnapshotSlot(offer, directory.BeginInstall(), knownLevel);
            failure = null;
            return true;
        }
        catch (BucketStoreException unusable)
        {
            directory.AbandonInstall();
            place = null;
            failure = unusable.Message;
            return false;
        }
    }

    /// <summary>Empties the place once the core has decided about the snapshot, even if its stream is gone.</summary>
    private void Settle()
    {
        if (_place is not { HandedOver: { Task.IsCompleted: true } handed } place)
        {
            return;
        }

        if (!handed.Task.Result)
        {
            directory.TakeBackInstall();
            Abandon("this member is ahead of it");
            return;
        }

        NodeLog.SnapshotInstalled(logger, handed.Header.Snapshot!.Id.Index);
        _place = null;
        place.Dispose();
    }

    private void ForgetIfStale()
    {
        if (_place is { Stream: null, IsHandedOver: false } place && time.GetElapsedTime(place.LeftAt) >= KeptFor)
        {
            Abandon($"its sender did not come back within {KeptFor.TotalSeconds:0} s");
        }
    }

    private void Abandon(string reason)
    {
        NodeLog.SnapshotRefused(logger, reason);
        _place!.Dispose();
        _place = null;
        directory.AbandonInstall();
    }
}

/// <summary>Whether a stream may fill the place.</summary>
internal readonly record struct SnapshotAdmission(SnapshotSlot? Place, string? Refusal)
{
    public static SnapshotAdmission Admitted(SnapshotSlot place) => new(place, null);

    public static SnapshotAdmission Declined(string reason) => new(null, reason);
}
