// Several lives of one member on one disk, recorded one after the other: what each process did, and what befell the disk
// between two of them. Either the process alone was killed, and the next one finds all that was written in the page
// cache, synced or not; or the power failed too, and it finds what the model left of it.
//
// After each life the model and the real directory are compared, byte by byte. So a trace that lacks a call, or a call
// that the model takes for something else, is found here and not by a wrong verdict.

using Raftd.PowerLoss.Tests.Replaying;
using Raftd.Testing;

namespace Raftd.PowerLoss.Tests.Recording;

/// <summary>How a life is to end.</summary>
/// <param name="Kill">Killed before that call of one thread; null: it ends by itself.</param>
/// <param name="LossSeed">After it the power fails, and this decides what is lost; null: it does not.</param>
internal readonly record struct Plan((string Call, int Number)? Kill = null, int? LossSeed = null);

/// <summary>A life as it was.</summary>
/// <param name="Events">All its calls.</param>
/// <param name="EndsWithRunning">The calls that it was killed in were done all the same.</param>
/// <param name="LossSeed">As in the plan.</param>
internal sealed record Life(IReadOnlyList<TraceEvent> Events, bool EndsWithRunning, int? LossSeed)
{
    /// <summary>The disk after it, as the next life finds it.</summary>
    public MemoryFileSystem End(TraceDisk disk)
    {
        if (EndsWithRunning)
        {
            disk.PlayRunning();
        }

        return LossSeed is { } seed ? disk.Files.Crash(CrashLoss.Some, new Random(seed)) : disk.Files;
    }
}

internal sealed class Story
{
    private Story(string workload, string folder, IReadOnlyList<Life> lives)
    {
        Workload = workload;
        Folder = folder;
        Lives = lives;
    }

    public string Workload { get; }

    /// <summary>What the paths in the traces begin with.</summary>
    public string Folder { get; }

    public IReadOnlyList<Life> Lives { get; }

    public static Story Record(string workload, string folder, params ReadOnlySpan<Plan> plans)
    {
        var lives = new List<Life>();
        var files = new MemoryFileSystem();
        foreach (var plan in plans)
        {
            var events = Recorder.Record(workload, folder, lives.Count + 1, plan.Kill);
            var life = new Life(events, !Matches(folder, files, events), plan.LossSeed);
            var disk = new TraceDisk(folder, files);
            Play(events, disk);
            files = life.End(disk);
            lives.Add(life);
            Settle(folder, files, plan.LossSeed is not null);
        }

        return new Story(workload, folder, lives);
    }

    /// <summary>Whether the directory is as if the calls that the process was killed in had not been done.</summary>
    private static bool Matches(string folder, MemoryFileSystem before, IReadOnlyList<TraceEvent> events)
    {
        var disk = new TraceDisk(folder, before.Crash(CrashLoss.Nothing));
        Play(events, disk);
        return Image.FindDifference(disk.Files, folder) is null;
    }

    private static void Play(IReadOnlyList<TraceEvent> events, TraceDisk disk)
    {
        foreach (var happening in events)
        {
            disk.Play(happening);
            disk.Settle();
        }
    }

    /// <summary>Makes the directory what the model says, or makes sure that it is.</summary>
    private static void Settle(string folder, MemoryFileSystem files, bool hasLostPower)
    {
        if (hasLostPower)
        {
            Directory.Delete(Path.Combine(folder, Workloads.DataName), recursive: true);
            Image.Write(files, folder);
        }

        var difference = Image.FindDifference(files, folder);
        if (difference is not null)
        {
            throw new InvalidDataException($"the trace does not say what the member did: {difference}");
        }
    }
}
