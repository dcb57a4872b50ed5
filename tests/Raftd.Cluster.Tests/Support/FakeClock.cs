using System.Globalization;
using Raftd.Testing;

namespace Raftd.Cluster.Tests.Support;

/// <summary>The clocks of one member, by libfaketime: loaded into its process, it answers in the place of the system.</summary>
/// <remarks>
/// What it answers stands in a file, which it reads each time, so a clock can jump while the member runs. It passes calls
/// for the monotonic clock on, unless a rate is asked for, which is then the rate of all clocks of the process.
/// </remarks>
internal sealed class FakeClock
{
    private static readonly string[] Libraries =
        ["/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib64/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1"];

    private readonly string _file;

    private FakeClock(string file) => _file = file;

    /// <summary>To be called before the member starts.</summary>
    public static FakeClock Of(Scene scene, Member member, double? rate = null)
    {
        var library = Libraries.FirstOrDefault(File.Exists);
        Assert.SkipWhen(library is null, "needs libfaketime, of the package faketime");
        var clock = new FakeClock(scene.PathOf(member.Label + ".clock"));
        clock.Write(rate is null ? "+0" : string.Create(CultureInfo.InvariantCulture, $"+0 x{rate}"));
        member.Variables = [.. member.Variables,
            ("LD_PRELOAD", library!),
            ("FAKETIME_TIMESTAMP_FILE", clock._file),
            ("FAKETIME_NO_CACHE", "1"),
            ("NO_FAKE_STAT", "1"),
            // Its fix of timed waits is for faked monotonic clocks, on which none would end without it; on the true one each
            // would end a fifth of a second late.
            ("FAKETIME_DONT_FAKE_MONOTONIC", rate is null ? "1" : "0"),
            ("FAKETIME_FORCE_MONOTONIC_FIX", rate is null ? "0" : "1")];
        scene.OnEnd(RemoveLeftOversAsync);
        return clock;
    }

    /// <summary>Sets the wall clock to the true time and this, and returns when the member shows it.</summary>
    public Task JumpAsync(Member member, TimeSpan offset)
    {
        Write(string.Create(CultureInfo.InvariantCulture, $"{(offset < TimeSpan.Zero ? '-' : '+')}{Math.Abs(offset.TotalSeconds)}"));
        return Until.TrueAsync(
            $"the clock of {member.Label} shows {offset}",
            TimeSpan.FromSeconds(30),
            async () => (await OffsetAsync(member) - offset).Duration() < TimeSpan.FromMinutes(10));
    }

    /// <summary>How far the member's wall clock is ahead of ours, to about a second: by the Date of an answer.</summary>
    public static async Task<TimeSpan> OffsetAsync(Member member) =>
        (await member.GetAsync("/livez")).Headers.Date!.Value - DateTimeOffset.UtcNow;

    // By renaming, so that the member never reads half a line.
    private void Write(string setting)
    {
        File.WriteAllText(_file + ".new", setting + "\n");
        File.Move(_file + ".new", _file, overwrite: true);
    }

    // A process that was killed could not remove what the library shares with its children: NAME_PID in shared memory.
    private static Task RemoveLeftOversAsync()
    {
        foreach (var path in Directory.GetFiles("/dev/shm", "*faketime_*"))
        {
            if (!Directory.Exists("/proc/" + path[(path.LastIndexOf('_') + 1)..]))
            {
                File.Delete(path);
            }
        }

        return Task.CompletedTask;
    }
}
