using System.Buffers;
using Raftd.Store;
using Raftd.Store.Buckets;
using Raftd.Store.Snapshots;
using Raftd.Wal;

namespace Raftd.Node.Replication;

/// <summary>What a slice of writing ended with.</summary>
internal enum SpoolProgress
{
    Writing,

    /// <summary>The whole snapshot is in the file.</summary>
    Complete,

    /// <summary>The store waits for its readers in order to grow or to close: this one has to go, and to begin anew.</summary>
    MustYield,
}

/// <summary>A snapshot on its way into its file. It alone holds a reader of the state, and only until it is complete.</summary>
internal sealed class SpoolWriter : IDisposable
{
    // A chunk may hold one value of any size; room for it is not kept for the others.
    private const int KeptBufferBytes = 4 << 20;

    private readonly SnapshotIndex _index = new();
    private readonly OpenedSnapshot _opened;
    private readonly SnapshotSender _sender;
    private readonly ulong _id;
    private readonly IFile _file;
    private ArrayBufferWriter<byte> _buffer = new();
    private bool _isHandedOver;

    /// <param name="id">Of the snapshot.</param>
    /// <param name="opened">The view; this owns it from here on.</param>
    /// <param name="target">Empty; this owns the file from here on.</param>
    /// <param name="pin">Keeps the log behind the snapshot while it is written; this owns it from here on.</param>
    /// <param name="chunkBytes">Of one chunk.</param>
    public SpoolWriter(ulong id, OpenedSnapshot opened, (IFile File, string Path) target, LogPin pin, int chunkBytes)
    {
        _id = id;
        _opened = opened;
        (_file, Path) = target;
        Pin = pin;
        var options = new SnapshotSenderOptions { ChunkBytes = chunkBytes, Verify = StateMachine.VerifyPair };
        _sender = new SnapshotSender(opened.Reader, opened.Meta, options);
    }

    public string Path { get; }

    public LogPin Pin { get; }

    public ulong SnapshotIndex => _opened.Meta.Index;

    /// <summary>Writes chunks until the slice is full, at least one.</summary>
    /// <exception cref="StorageIoException">The disk is full, or failed.</exception>
    /// <exception cref="BucketStoreException">The state is damaged, or cannot be read.</exception>
    public SpoolProgress WriteSlice(int sliceBytes)
    {
        var begins = _index.TotalBytes;
        var sent = SnapshotSendResult.Chunk;
        while (sent == SnapshotSendResult.Chunk && _buffer.WrittenCount < sliceBytes)
        {
            var before = _buffer.WrittenCount;
            sent = _sender.WriteNextChunk(_buffer);
            if (sent == SnapshotSendResult.MustYield)
            {
                return SpoolProgress.MustYield;
            }

            _index.Add(_buffer.WrittenSpan[before..]);
        }

        _file.Write(begins, _buffer.WrittenSpan);
        EmptyBuffer();
        return sent == SnapshotSendResult.Complete ? SpoolProgress.Complete : SpoolProgress.Writing;
    }

    /// <summary>The file is the snapshot's from now on.</summary>
    public SpooledSnapshot Finish()
    {
        _isHandedOver = true;
        return new SpooledSnapshot(_id, _opened.Meta, _index, _file, Path);
    }

    public void Dispose()
    {
        _sender.Dispose();
        _opened.Dispose();
        Pin.Dispose();
        if (!_isHandedOver)
        {
            _file.Dispose();
        }
    }

    private void EmptyBuffer()
    {
        if (_buffer.Capacity > KeptBufferBytes)
        {
            _buffer = new ArrayBufferWriter<byte>();
        }
        else
        {
            _buffer.ResetWrittenCount();
        }
    }
}
