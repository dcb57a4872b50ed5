namespace Raftd.Testing.Disks;

/// <summary>A file without its name: what readers see, what is durable, and the changes in between.</summary>
internal sealed class MemoryNode(bool isDirectory)
{
    private const int SectorBytes = 512;

    private readonly List<Change> _unsynced = [];
    private Content _seen = new();
    private Content _durable = new();

    // Bits that are read the other way round.
    private (int Offset, byte Bits)? _rot;

    public bool IsDirectory { get; } = isDirectory;

    public long Length => _seen.Length;

    public bool HasRot => _rot is not null;

    public static MemoryNode Durable(byte[] content)
    {
        var node = new MemoryNode(isDirectory: false);
        node.Write(0, content, number: 0);
        node.Sync();
        return node;
    }

    public byte[] ToArray()
    {
        var bytes = new byte[_seen.Length];
        Read(0, bytes, isRotten: true);
        return bytes;
    }

    public void Rot(int offset, byte bits) => _rot = (offset, bits);

    public void MendRot() => _rot = null;

    public int Read(long offset, Span<byte> destination, bool isRotten)
    {
        var count = (int)Math.Clamp(_seen.Length - offset, 0, destination.Length);
        _seen.Bytes.AsSpan((int)Math.Min(offset, _seen.Length), count).CopyTo(destination);
        if (isRotten && _rot is { } rot && rot.Offset >= offset && rot.Offset < offset + count)
        {
            destination[(int)(rot.Offset - offset)] ^= rot.Bits;
        }

        return count;
    }

    public void Write(long offset, ReadOnlySpan<byte> data, long number) =>
        Apply(new Change(number, (int)offset, data.ToArray(), -1));

    public void SetLength(long length, long number) => Apply(new Change(number, 0, [], (int)length));

    /// <summary>What was changed up to that number is durable; what came later, while the disk worked, is not.</summary>
    public void Sync(long upTo) => MarkDurable(change => change.Number <= upTo);

    public void Sync()
    {
        _unsynced.ForEach(_durable.Apply);
        _unsynced.Clear();
    }

    /// <summary>That one change is durable, and none before it: a write with O_DSYNC.</summary>
    public void SyncOne(long number) => MarkDurable(change => change.Number == number);

    /// <summary>A sync failed: the kernel marks the pages clean, so they are not written again.</summary>
    public void LoseUnsynced() => _unsynced.Clear();

    /// <summary>The file as the next process finds it under that name.</summary>
    public MemoryNode Crash(string path, Func<UnsyncedPiece, bool>? survives)
    {
        var node = new MemoryNode(IsDirectory) { _rot = _rot, _durable = (survives is null ? _seen : _durable).Share() };
        if (survives is not null)
        {
            Survivors(path, survives).ForEach(node._durable.Apply);
        }

        node._seen = node._durable.Share();
        return node;
    }

    /// <summary>Changes reach the durable content in their order, so one that overtook another waits for it here.</summary>
    private void MarkDurable(Func<Change, bool> isDurable)
    {
        for (var i = 0; i < _unsynced.Count; i++)
        {
            _unsynced[i] = _unsynced[i] with { IsDurable = _unsynced[i].IsDurable || isDurable(_unsynced[i]) };
        }

        var settled = _unsynced.TakeWhile(change => change.IsDurable).ToList();
        settled.ForEach(_durable.Apply);
        _unsynced.RemoveRange(0, settled.Count);
    }

    private void Apply(in Change change)
    {
        if (_rot is { } rot && change.Covers(rot.Offset))
        {
            _rot = null;
        }

        _seen.Apply(change);
        _unsynced.Add(change);
    }

    private List<Change> Survivors(string path, Func<UnsyncedPiece, bool> survives)
    {
        var survivors = new List<Change>();
        foreach (var change in _unsynced)
        {
            if (change.IsDurable)
            {
                survivors.Add(change);
            }
            else if (change.NewLength < 0)
            {
                AddSectors(change, path, survives, survivors);
            }
            else if (survives(new UnsyncedPiece(UnsyncedKind.Length, change.Number, path, 0, 1)))
            {
                survivors.Add(change);
            }
        }

        return survivors;
    }

    private static void AddSectors(
        in Change change, string path, Func<UnsyncedPiece, bool> survives, List<Change> survivors)
    {
        var firstSector = change.Offset / SectorBytes;
        var sectors = ((change.Offset + change.Data.Length + SectorBytes - 1) / SectorBytes) - firstSector;
        for (var (start, sector) = (0, 0); start < change.Data.Length; sector++)
        {
            var end = Math.Min(change.Data.Length, ((firstSector + sector + 1) * SectorBytes) - change.Offset);
            if (survives(new UnsyncedPiece(UnsyncedKind.Data, change.Number, path, sector, sectors)))
            {
                survivors.Add(change with { Offset = change.Offset + start, Data = change.Data[start..end] });
            }

            start = end;
        }
    }

    /// <summary>A write, or with <paramref name="NewLength"/> from 0 on a new length.</summary>
    private readonly record struct Change(long Number, int Offset, byte[] Data, int NewLength)
    {
        /// <summary>A sync covered it, but not all that came before it.</summary>
        public bool IsDurable { get; init; }

        /// <summary>That byte is not what it was before.</summary>
        public bool Covers(int at) => NewLength >= 0 ? at >= NewLength : at >= Offset && at < Offset + Data.Length;
    }

    private sealed class Content
    {
        // Another content has the same array: whichever is changed first makes one of its own.
        private bool _isShared;

        public byte[] Bytes { get; private set; } = [];

        public int Length { get; private set; }

        /// <summary>The same, to go its own way: most files of a disk that has crashed are never written again.</summary>
        public Content Share()
        {
            _isShared = true;
            return new Content { Bytes = Bytes, Length = Length, _isShared = true };
        }

        public void Apply(Change change)
        {
            var end = change.NewLength >= 0 ? change.NewLength : change.Offset + change.Data.Length;
            Own();
            Grow(end);
            if (change.NewLength >= 0)
            {
                Bytes.AsSpan(Math.Min(end, Length)).Clear();
                Length = end;
                return;
            }

            change.Data.CopyTo(Bytes, change.Offset);
            Length = Math.Max(Length, end);
        }

        private void Own()
        {
            if (_isShared)
            {
                Bytes = Bytes[..Length];
                _isShared = false;
            }
        }

        private void Grow(int length)
        {
            if (length > Bytes.Length)
            {
                var grown = new byte[Math.Max(length, Math.Min(Bytes.Length * 2, length + (1 << 20)))];
                Bytes.AsSpan(0, Length).CopyTo(grown);
                Bytes = grown;
            }
        }
    }
}
