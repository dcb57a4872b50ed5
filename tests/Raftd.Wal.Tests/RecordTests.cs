using System.Buffers.Binary;
using Raftd.Shared;
using Raftd.Testing.Disks;

namespace Raftd.Wal.Tests;

/// <summary>Bytes that no writer of ours would leave.</summary>
public class RecordTests
{
    private const string FirstSegment = "/wal/0000000000000001.wal";

    [Fact]
    public void Crc32c_KnownVector_Agrees() => Assert.Equal(0xE3069283u, Crc32C.Append(0, "123456789"u8));

    [Fact]
    public void Crc32c_Continued_EqualsTheWhole()
    {
        var data = new byte[100];
        new Random(1).NextBytes(data);
        Assert.Equal(Crc32C.Append(0, data), Crc32C.Append(Crc32C.Append(0, data.AsSpan(0, 37)), data.AsSpan(37)));
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(5000)]
    public void Open_HostileLengthWithGoodChecksum_IsATornTailAndAllocatesNothing(int length)
    {
        var files = LogWithRoom();
        var bytes = files.Get(FirstSegment);
        new RecordHeader(0, RecordType.Entry, 0, length, 1, 1, 0, 4096, 0).WriteTo(bytes.AsSpan(4096), seed: 0);
        files.Put(FirstSegment, bytes);

        var before = GC.GetAllocatedBytesForCurrentThread();
        using var log = WriteAheadLog.Open(files, "/wal", Workload.SmallSegments);

        Assert.Equal(TailKind.Torn, log.Recovery.Tail.Kind);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 4 << 20);
    }

    [Fact]
    public void Open_NewerVersion_SaysSoAndChangesNothing()
    {
        var files = LogWithRoom();
        var bytes = files.Get(FirstSegment);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), 2);
        var checksum = Crc32C.Append(Crc32C.Append(0, bytes.AsSpan(0, 12)), bytes.AsSpan(16, 4080));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), checksum);
        files.Put(FirstSegment, bytes);

        var error = Assert.Throws<WalVersionException>(() => WriteAheadLog.Open(files, "/wal", Workload.SmallSegments));

        Assert.Equal(2u, error.Found);
        Assert.Equal(bytes, files.Get(FirstSegment));
    }

    /// <summary>A client can store bytes that look like a record; they must not pass for one behind a torn write.</summary>
    [Fact]
    public void Open_RecordInsideTornData_ProvesNothing()
    {
        var files = LogWithRoom();
        var forged = new byte[RecordHeader.Bytes * 4];
        new RecordHeader(0, RecordType.State, 0, 0, 1, 1, 0, 8000, 0).WriteTo(forged.AsSpan(RecordHeader.Bytes), seed: 1);
        using (var log = WriteAheadLog.Open(files, "/wal", Workload.SmallSegments))
        {
            log.Append([new LogEntry(1, 1, 0, forged)], null);
            log.Write();
        }

        using var reopened = Damaged(files, bytes => bytes[4100] ^= 1);

        Assert.Equal(TailKind.Torn, reopened.Recovery.Tail.Kind);
    }

    /// <summary>A write that no sync followed claims nothing for the one before it: the disk may keep the later alone.</summary>
    [Fact]
    public void Open_EarlierOfTwoUnsyncedWritesLost_IsATornTail()
    {
        var files = LogWithRoom();
        using (var log = WriteAheadLog.Open(files, "/wal", Workload.SmallSegments))
        {
            log.Append([Workload.Entry(1, 1, 100)], null);
            log.Write();
            log.Append([Workload.Entry(1, 2, 100)], null);
            log.Write();
        }

        using var reopened = Damaged(files, bytes => bytes[4100] ^= 1);
        Assert.Equal((TailKind.Torn, 0ul), (reopened.Recovery.Tail.Kind, reopened.LastIndex));
    }

    /// <summary>A sound record in the wrong place, as a misdirected write leaves it, is not taken for the next one.</summary>
    [Fact]
    public void Open_RecordRepeatedBehindItself_IsNotApplied()
    {
        var files = LogWithRoom();
        using (var log = WriteAheadLog.Open(files, "/wal", Workload.SmallSegments))
        {
            log.Append([Workload.Entry(1, 1, 8), Workload.Entry(1, 2, 8)], null);
            log.Sync();
        }

        const int Record = RecordHeader.Bytes + 8;
        using var reopened = Damaged(files, bytes => bytes.AsSpan(4096, Record).CopyTo(bytes.AsSpan(4096 + (2 * Record))));
        Assert.Equal((TailKind.Torn, 2ul), (reopened.Recovery.Tail.Kind, reopened.LastIndex));
    }

    [Fact]
    public void Read_DiskChangedUnderneath_IsCorrupt()
    {
        var files = LogWithRoom();
        using var log = WriteAheadLog.Open(files, "/wal", Workload.SmallSegments);
        log.Append([Workload.Entry(1, 1, 100)], null);
        log.Sync();
        using (var file = files.Open($"/wal/{files.List("/wal")[^1]}", FileOpenMode.OpenExisting))
        {
            file.Write(4096 + RecordHeader.Bytes + 50, [1, 2, 3]);
        }

        Assert.Equal(4096, Assert.Throws<WalCorruptException>(() => log.Read(1, 2, 1000)).Offset);
    }

    [Fact]
    public void EntryIndex_AMillionEntries_CostsAtMost24BytesEach()
    {
        // Of this thread alone: other tests run beside this one.
        var before = GC.GetAllocatedBytesForCurrentThread();
        var index = new EntryIndex(0, 0);
        for (ulong at = 1; at <= 1_000_000; at++)
        {
            index.Put(at, new EntryPosition(1, 1, 4096, 10));
        }

        var cost = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(1_000_000ul, index.LastIndex);
        Assert.InRange(cost, 0, 24_500_000);
    }

    [Fact]
    public void Options_OutOfBounds_EveryProblemIsNamed()
    {
        Assert.Empty(Workload.LargeSegments.Validate());
        var problems = new WalOptions { SegmentSizeBytes = 5000, MaxRecordBytes = 0, ReserveBytes = -1 }.Validate();
        Assert.Collection(
            problems,
            problem => Assert.StartsWith("SegmentSizeBytes is 5000", problem, StringComparison.Ordinal),
            problem => Assert.StartsWith("MaxRecordBytes is 0", problem, StringComparison.Ordinal),
            problem => Assert.StartsWith("ReserveBytes is -1", problem, StringComparison.Ordinal));
    }

    /// <summary>Changes the last segment and opens the log.</summary>
    private static WriteAheadLog Damaged(MemoryFileSystem files, Action<byte[]> change)
    {
        var name = $"/wal/{files.List("/wal")[^1]}";
        var bytes = files.Get(name);
        change(bytes);
        files.Put(name, bytes);
        return WriteAheadLog.Open(files, "/wal", Workload.SmallSegments);
    }

    private static MemoryFileSystem LogWithRoom()
    {
        var files = new MemoryFileSystem();
        WriteAheadLog.Open(files, "/wal", Workload.SmallSegments).Dispose();
        return files;
    }
}
