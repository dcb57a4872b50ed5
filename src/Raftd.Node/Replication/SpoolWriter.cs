using System.Buffers;
using Raftd.Store;
using Raftd.Store.Buckets;
using Raftd.Store.Snapshots;
using Raftd.Wal;

namespace Raftd.Node.Replication;

/// <summary>The result of writing a slice.</summary>
internal enum SpoolProgress
{
    Writing,

    /// <summary>The whole snapshot is in the file.</summary>
    Complete,

    /// <summary>The store waits for its readers in order to grow or to close: this one has to end and start again.</summary>
    MustYield,
}

/// <summary>A snapshot that is being written to its file. It holds a reader of the state until the file is complete; nothing else
/// does.</summary>
internal sealed class SpoolWriter : IDisposable
{
    // A chunk may hold one value of any size; a buffer that has grown for it is not kept for the others.
    private const int KeptBufferBytes = 4 << 20;

    private readonly SnapshotIndex _index = new();
    private readonly OpenedSnapshot _opened;
    private readonly SnapshotSender _sender;
    private readonly ulong _id;
    private readonly IFile _file;
    private ArrayBufferWriter<byte> _buffer = new();
    private bool _isHandedOver;

    /// <param name="id">Number of the snapshot.</param>
    /// <param name="opened">The view; owned by the writer from here on.</param>
    /// <param name="target">An empty file; owned by the writer from here on.</param>
    /// <param name="pin">Keeps the log behind the snapshot while it is written; owned by the writer from here on.</param>
    /// <param name="chunkBytes">Size of one chunk.</param>
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

    /// <summary>Passes the file to the finished snapshot.</summary>
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
