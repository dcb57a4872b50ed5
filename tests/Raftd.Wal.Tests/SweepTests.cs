
using Raftd.Testing.Disks;

namespace Raftd.Wal.Tests;

/// <summary>Every flipped bit and every cut of a log whose last segment has 64 KiB: each has one right outcome, which
/// <see cref="SweptLog"/> tells without asking the reader.</summary>
public class SweepTests
{
    private static readonly SweptLog Swept = new();

    [Fact]
    [Trait("Speed", "Slow")]
    public void Open_EveryBitFlipped_RefusesOrDropsWhatWasNeverProven()
    {
        var refused = 0;
        var torn = 0;
        foreach (var path in Swept.Paths)
        {
            Parallel.For(0, LengthOf(path), offset =>
            {
                var expected = Swept.OfDamageAt(path, offset);
                for (var bit = 0; bit < 8; bit++)
                {
                    var disk = Swept.Copy();
                    disk.Rot(path, offset, (byte)(1 << bit));
                    Check(disk, expected, $"{path} at {offset}, bit {bit}");
                }

                Interlocked.Add(ref expected is null ? ref refused : ref torn, 8);
            });
        }

        Assert.Equal(8 * Swept.Paths.Sum(LengthOf), refused + torn);
        Assert.True(refused > 100_000 && torn > 10_000, $"{refused} refused, {torn} torn");
    }

    [Fact]
    public void Open_CutAtEveryByte_Refuses()
    {
        foreach (var path in Swept.Paths)
        {
            var whole = Swept.Copy().Get(path);
            Parallel.For(0, whole.Length, length =>
            {
                var disk = Swept.Copy();
                disk.Put(path, whole[..length]);
                Check(disk, expected: null, $"{path} cut at {length}");
            });
        }
    }

    /// <summary>Zeros from some byte on are what a power loss leaves of a preallocated segment.</summary>
    [Fact]
    [Trait("Speed", "Slow")]
    public void Open_ZerosFromEveryByteOn_GivesWhatIsBeforeThem()
    {
        var whole = Swept.Copy().Get(Swept.Last);
        Parallel.For(SegmentHeader.Bytes, whole.Length, offset =>
        {
            var disk = Swept.Copy();
            disk.Put(Swept.Last, [.. whole[..offset], .. new byte[whole.Length - offset]]);
            Check(disk, Swept.OfZerosFrom(offset), $"zeros from {offset}");
        });
    }

    private static int LengthOf(string path) => Swept.Copy().Get(path).Length;

    /// <param name="disk">Damaged.</param>
    /// <param name="expected">Null: refused, and nothing is changed on the disk.</param>
    /// <param name="context">Which damage.</param>
    private static void Check(MemoryFileSystem disk, Outcome? expected, string context)
    {
        try
        {
            using var log = WriteAheadLog.Open(disk, Workload.Directory, SweptLog.Options);
            Assert.True(expected is not null, $"{context}: opens, up to {log.LastIndex}");
            Assert.True(log.Recovery.Tail.Kind == expected.Tail, $"{context}: {log.Recovery.Tail} and not {expected.Tail}");
            Assert.True(log.State.Recovering == (expected.Tail == TailKind.Torn), $"{context}: {log.State}");
            Assert.True(expected.Left.Difference(log) is null, $"{context}: {expected.Left.Difference(log)}");
        }
        catch (Exception e) when (e is WalCorruptException or WalVersionException)
        {
            Assert.True(expected is null, $"{context}: {e.Message}");
            Assert.True(disk.Changes == 0, $"{context}: refused, and the disk was changed");
        }
    }
}
