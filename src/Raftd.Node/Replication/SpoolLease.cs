using System.Buffers;
using Raftd.Store.Snapshots;
using Raftd.Wal;

namespace Raftd.Node.Replication;

/// <summary>One reader's hold on a spooled snapshot: its file stays until the last lease is disposed. One thread at a time.</summary>
/// <remarks>
/// A lease for a peer comes with a pin that keeps the log behind the snapshot. The pin outlives the stream, because the peer
/// needs that log once it has installed the snapshot. So the sender passes it on to PeerPins (TakePin), and asks here whether
/// it was lost.
/// </remarks>
internal sealed class SpoolLease : IDisposable
{
    private readonly LogPin? _pin;
    private readonly Action _released;
    private readonly SnapshotChunks _chunks;
    private bool _ownsPin;
    private bool _isDisposed;

    /// <param name="snapshot">Held from here on.</param>
    /// <param name="pin">Null when the log behind it is not needed.</param>
    /// <param name="released">Called when it is disposed.</param>
    public SpoolLease(SpooledSnapshot snapshot, LogPin? pin, Action released)
    {
        Snapshot = snapshot;
        _pin = pin;
        _released = released;
        _ownsPin = pin is not null;
        _chunks = new SnapshotChunks(snapshot.Index, snapshot.File.Read);
        snapshot.Hold(isBackup: pin is null);
    }

    public SpooledSnapshot Snapshot { get; }

    /// <summary>The log behind the snapshot has grown beyond what pins may keep. A peer that installed this snapshot would need
    /// another one at once, so its stream ends, and a new request gets a newer one.</summary>
    public bool HasLostItsLog => _pin is { IsLost: true };

    /// <summary>Appends the whole chunk, [0, Snapshot.ChunkCount), to the output; in order it costs two reads.</summary>
    /// <returns>Its bytes.</returns>
    /// <exception cref="SnapshotCorruptException">The file is damaged, and is not lent any more: ask for another.</exception>
    /// <exception cref="StorageIoException">The file cannot be read, and is not lent any more: ask for another.</exception>
    public int ReadChunk(long chunk, IBufferWriter<byte> output)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        try
        {
            return _chunks.Read(chunk, output);
        }
        catch (Exception damage) when (damage is SnapshotCorruptException or StorageIoException)
        {
            Snapshot.IsDamaged = true;
            throw;
        }
    }

    /// <summary>Passes the pin to the caller. Once, and only if the request was for a peer.</summary>
    public LogPin TakePin()
    {
        Invariant.Check(_ownsPin, $"snapshot {Snapshot.Id} was leased without a pin, or the pin was taken before");
        _ownsPin = false;
        return _pin!;
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (_ownsPin)
        {
            _pin!.Dispose();
        }

        Snapshot.LetGo(isBackup: _pin is null);
        _released();
    }
}
