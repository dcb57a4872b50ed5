using Raftd.Node.Replication;
using Raftd.Store;
using Raftd.Store.Buckets;
using Raftd.Store.Snapshots;

namespace Raftd.Node.Peers;

/// <summary>A snapshot that has arrived in part: the store beside the one in use, and how far it is filled.</summary>
internal sealed class SnapshotSlot(SnapshotOfferFrame offer, IBucketStore store, int knownLevel) : IDisposable
{
    // Held while bytes are written, and while the place passes to another stream.
    private readonly Lock _writing = new();
    private readonly SnapshotReceiver _receiver = new(store, StateMachine.VerifySnapshot, knownLevel);

    /// <summary>The stream that fills it; null between two attempts. Under the intake's lock.</summary>
    public SnapshotReception? Stream { get; set; }

    /// <summary>When the last stream left it. Under the intake's lock.</summary>
    public long LeftAt { get; set; }

    /// <summary>Set when the core is asked to install it. Under the intake's lock.</summary>
    public SnapshotOffer? HandedOver { get; set; }

    public bool IsHandedOver => HandedOver is not null;

    public IBucketStore Store { get; } = store;

    public ulong NextChunk => (ulong)_receiver.NextChunk;

    public ulong ReceivedBytes => (ulong)_receiver.ReceivedBytes;

    /// <summary>Whether the offer is the same snapshot of the same process, so that it can go on.</summary>
    public bool IsOf(SnapshotOfferFrame other) =>
        _receiver.CanGoOn && (offer.Header.From, offer.Start, offer.Snapshot) == (other.Header.From, other.Start, other.Snapshot);

    /// <summary>Stops its stream from writing, and drops the bytes of a chunk that is not whole. False while the stream is
    /// writing.</summary>
    /// <remarks>True: the writing lock stays held until Resume, on the same thread. Only tried, because the caller holds the
    /// intake's lock and must not wait for a slow disk.</remarks>
    public bool TryPause()
    {
        if (!_writing.TryEnter())
        {
            return false;
        }

        _receiver.EndStream();
        return true;
    }

    public void Resume() => _writing.Exit();

    /// <remarks>IsOusted is read under the lock under which it is set, so an ousted stream writes no byte afterwards.</remarks>
    /// <returns>The metadata of the whole snapshot, or null while more has to come.</returns>
    /// <exception cref="SnapshotCorruptException">The bytes are not what a sender wrote.</exception>
    /// <exception cref="BucketStoreException">They could not be written.</exception>
    public SnapshotMeta? Feed(SnapshotReception stream, ReadOnlySpan<byte> bytes)
    {
        lock (_writing)
        {
            return stream.IsOusted || !_receiver.Feed(bytes) ? null : _receiver.Finish();
        }
    }

    public void Dispose() => _receiver.Dispose();
}
