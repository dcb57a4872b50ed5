namespace Raftd.Wal.Tests;

/// <summary>One who looks at the log of a stopped member gets what is before the damage, is told of it, and changes nothing.</summary>
public class ReadOnlyLogTests
{
    private static readonly SweptLog Swept = new();

    /// <summary>A bit of every eighth byte of the last segment: what is before it can be had, whatever a start would say.</summary>
    [Fact]
    public void Open_BitFlippedAnywhere_GivesWhatIsBeforeIt()
    {
        var damaged = 0;
        Parallel.For(0, Swept.Copy().Get(Swept.Last).Length / 8, at =>
        {
            var offset = (at * 8) + (at % 8);
            var disk = Swept.Copy();
            disk.Rot(Swept.Last, offset, (byte)(1 << (at / 8 % 8)));
            if (offset is >= 8 and < 12)
            {
                return; // another version, and not damage
            }

            using var log = ReadOnlyLog.Open(disk, Workload.Directory);
            var isDamaged = Swept.OfDamageAt(Swept.Last, offset) is null;
            Assert.True(log.Damage is not null == isDamaged, $"at {offset}: {log.Damage?.Reason}");
            var difference = Swept.LeftBefore(offset).Difference(log);
            Assert.True(difference is null, $"at {offset}: {difference}");
            Assert.Equal(0, disk.Changes);
            Interlocked.Add(ref damaged, isDamaged ? 1 : 0);
        });
        Assert.InRange(damaged, 1000, int.MaxValue);
    }

    [Fact]
    public void Open_HeaderOfTheOldestSegmentDamaged_GivesNothing()
    {
        var disk = Swept.Copy();
        disk.Rot(Swept.Paths[0], 100, 1);
        using var log = ReadOnlyLog.Open(disk, Workload.Directory);
        Assert.NotNull(log.Damage);
        Assert.Null(LogModel.Empty.Difference(log));
    }

    [Fact]
    public void Open_NoLog_SaysSo()
    {
        var disk = Swept.Copy();
        using var log = ReadOnlyLog.Open(disk, Workload.Directory + "/none");
        Assert.True(log.IsMissing);
        Assert.Equal(0UL, log.LastIndex);
        Assert.Empty(log.Read(1, long.MaxValue));
        Assert.Equal(0, disk.Changes);
    }

    /// <summary>In pieces, and each piece at least one entry.</summary>
    [Fact]
    public void Read_InPieces_GivesAll()
    {
        using var log = ReadOnlyLog.Open(Swept.Copy(), Workload.Directory);
        var indexes = new List<ulong>();
        for (var next = log.FirstIndex; next <= log.LastIndex;)
        {
            var piece = log.Read(next, maxBytes: 700);
            Assert.NotEmpty(piece);
            indexes.AddRange(piece.Select(static entry => entry.Index));
            next = indexes[^1] + 1;
        }

        Assert.Equal(Enumerable.Range((int)log.FirstIndex, indexes.Count), indexes.Select(static index => (int)index));
        Assert.Equal(log.LastIndex, indexes[^1]);
    }
}
