using System.Globalization;
using Raftd.PowerLoss.Tests.Recording;
using Raftd.Testing.Disks;

namespace Raftd.PowerLoss.Tests;

/// <summary>What fdatasync promised is there after any loss of power: see the tops of Story, TraceDisk, LossPattern, Sweep
/// and MemberCheck, in this order.</summary>
public sealed class PowerLossTests : IDisposable
{
    private const int DefaultImages = 720;
    private const int Seed = 20_240_607;
    private const int FollowersShare = 6; // a sixth each: their disks have fewer calls, and fewer images
    private const int MostRecordings = 6; // about one in seven cannot be used

    private readonly string _folder = RealDisk.NewFolder("raftd-powerloss-");

    /// <summary>Of all workloads together, as far as these have so many; RAFTD_TEST_IMAGES asks for another number.</summary>
    private static int Images { get; } =
        Environment.GetEnvironmentVariable("RAFTD_TEST_IMAGES") is { Length: > 0 } asked
            ? int.Parse(asked, CultureInfo.InvariantCulture)
            : DefaultImages;

    /// <summary>Folder of a recording that is to be swept once more; null records a new one.</summary>
    private static string? KeptStory { get; } =
        Environment.GetEnvironmentVariable("RAFTD_TEST_STORY") is { Length: > 0 } folder ? folder : null;

    public void Dispose()
    {
        if (TestContext.Current.TestState?.Result != TestResult.Failed)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>Founded; killed between a write of the log and its sync; started on what the page cache had, and killed in
    /// the middle of a flush, then robbed of its power; killed in the middle of the start that follows; and so on. And robbed
    /// of its power at any moment of all this.</summary>
    [Fact]
    public Task MemberAlone_PowerFailsAnywhere_NothingAcknowledgedIsLost() => RunAsync(
        Workloads.Alone,
        Images - (2 * (Images / FollowersShare)),
        new Plan(Kill: ("fdatasync", 90)),
        new Plan(Kill: ("pwrite64", 250), LossSeed: Seed),
        new Plan(Kill: ("fsync", 3)),
        new Plan(Kill: ("fdatasync", 50)),
        default);

    /// <summary>A snapshot into an empty directory, another over an old state; and robbed of its power at any moment.</summary>
    [Fact]
    public Task FollowerWithSnapshots_PowerFailsAnywhere_NothingAcknowledgedIsLost() =>
        RunAsync(Workloads.Follower, Images / FollowersShare, default(Plan));

    /// <summary>Entries that were logged and replaced by others; and robbed of its power at any moment.</summary>
    [Fact]
    public Task FollowerWithConflict_PowerFailsAnywhere_NothingAcknowledgedIsLost() =>
        RunAsync(Workloads.Conflict, Images / FollowersShare, default(Plan));

    private async Task RunAsync(string workload, int images, params Plan[] plans)
    {
        Assert.SkipUnless(Recorder.WhyNot() is null, Recorder.WhyNot() ?? "");
        var sync = RealDisk.RequireRealSync(_folder);
        var story = KeptStory is { } kept ? Story.Read(kept) : Record(workload, plans);
        Assert.SkipUnless(story.Workload == workload, $"{KeptStory} has another workload");
        var report = await new Sweep(story, Seed, _folder).RunAsync(images);
        Console.WriteLine($"{report}, seed {Seed}, fdatasync {sync.TotalMicroseconds:F0} us");
        Assert.True(
            report.Violations.Count == 0,
            string.Join(Environment.NewLine, [.. report.Violations, $"kept: {_folder}"]));
        Assert.True(report.Images > images / 2, $"only {report.Images} different images, {images} were asked for");
        Assert.All(report.SharedMaps, path => Assert.Equal("lock.mdb", Path.GetFileName(path)));
    }

    /// <summary>Once more where a kill took a call at its half, so that it is neither done nor not, and where the machine was
    /// so busy that a follower took its leader for dead.</summary>
    private Story Record(string workload, Plan[] plans)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return Story.Record(workload, Directory.CreateDirectory(Path.Combine(_folder, $"recorded.{attempt}")).FullName, plans);
            }
            catch (RecordingException unusable) when (attempt < MostRecordings)
            {
                Console.WriteLine($"recorded again: {unusable.Message}");
            }
        }
    }
}
