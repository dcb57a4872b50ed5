using Raftd.Sql.Fronts;

namespace Raftd.Sql.Tests.Fronts;

public sealed class BucketLeadersTests
{
    private static readonly ulong[] Fronts = [0x8000_0000_0000_0001, 7, 0xFFFF_FFFF_FFFF_FFFF, 8];

    [Fact]
    public void Buckets_AreSharedAmongAllFronts()
    {
        var led = Enumerable.Range(1, 1000).CountBy(static bucket => BucketLeaders.Choose(bucket, Fronts)).ToDictionary();
        Assert.All(Fronts, front => Assert.InRange(led[front], 180, 320));
    }

    [Fact]
    public void Front_ThatGoes_LeavesItsBucketsToAllOthers_AndThoseOfTheOthersStay()
    {
        var left = Fronts[1..];
        var heirs = new HashSet<ulong>();
        for (var bucket = 1; bucket <= 1000; bucket++)
        {
            var (before, after) = (BucketLeaders.Choose(bucket, Fronts), BucketLeaders.Choose(bucket, left));
            if (before == Fronts[0])
            {
                heirs.Add(after);
            }
            else
            {
                Assert.Equal(before, after);
            }
        }

        Assert.Equal(left.Order(), heirs.Order());
    }

    [Fact]
    public void Choice_DoesNotDependOnTheOrder_AndNoneIsZero()
    {
        Assert.Equal(BucketLeaders.Choose(5, Fronts), BucketLeaders.Choose(5, Fronts.Reverse()));
        Assert.Equal(0UL, BucketLeaders.Choose(5, []));
    }
}
