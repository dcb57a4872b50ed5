// Several lives of one member on one disk, recorded one after the other: what each process did, and what befell the disk
// between two of them. Either the process alone was killed, and the next one finds all that was written in the page
// cache, synced or not; or the power failed too, and it finds what the model left of it.
//
// After each life the model and the real directory are compared, byte by byte. So a trace that lacks a call, or a call
// that the model takes for something else, is found here and not by a wrong verdict.
//
// A story is kept as its traces and a file that says the rest (Save, Read), so that what failed once fails again:
//
//   conflict                 the workload
//   /var/tmp/…/recorded.1    what the paths in the traces begin with
//   0 -                      a line for each life: Finished, LossSeed

using System.Globalization;
using Raftd.PowerLoss.Tests.Replaying;
using Raftd.Testing.Disks;

namespace Raftd.PowerLoss.Tests.Recording;

/// <summary>How a life is to end.</summary>
/// <param name="Kill">Killed before that call of one thread; null: it ends by itself.</param>
/// <param name="LossSeed">After it the power fails, and this decides what is lost; null: it does not.</param>
internal readonly record struct Plan((string Call, int Number)? Kill = null, int? LossSeed = null);

/// <summary>A life as it was.</summary>
/// <param name="Events">All its calls.</param>
/// <param name="Finished">A bit for each call that it was killed in: done all the same.</param>
/// <param name="LossSeed">As in the plan.</param>
internal sealed record Life(IReadOnlyList<TraceEvent> Events, int Finished, int? LossSeed)
{
    /// <summary>The disk after it, as the next life finds it.</summary>
    public MemoryFileSystem End(TraceDisk disk)
    {
        var running = disk.Running;
        for (var i = 0; i < running.Count; i++)
        {
            if ((Finished & (1 << i)) != 0)
            {
                disk.PlayRunning(running[i]);
            }
        }

        return LossSeed is { } seed ? disk.Files.Crash(CrashLoss.Some, new Random(seed)) : disk.Files;
    }
}

internal sealed class Story
{
    // A process has few threads that change files, and so few calls that it can be killed in.
    private const int MostChoices = 1 << 4;
    private const string FileName = "story";
    private const string None = "-";

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
            var life = new Life(Recorder.Record(workload, folder, lives.Count + 1, plan.Kill), Finished: 0, plan.LossSeed);
            life = life with { Finished = FindFinished(folder, files, life) };
            files = End(folder, files, life);
            lives.Add(life);
            if (plan.LossSeed is not null)
            {
                Directory.Delete(Path.Combine(folder, Workloads.DataName), recursive: true);
                Image.Write(files, folder);
            }
        }

        var story = new Story(workload, folder, lives);
        story.Save();
        return story;
    }

    /// <summary>One that was recorded before, wherever its folder is by now.</summary>
    public static Story Read(string folder)
    {
        var lines = File.ReadAllLines(Path.Combine(folder, FileName));
        var lives = lines.Skip(2).Select((line, at) =>
        {
            var words = line.Split(' ');
            return new Life(
                StraceReader.Read(Recorder.TraceOf(folder, at + 1)),
                int.Parse(words[0], CultureInfo.InvariantCulture),
                words[1] == None ? null : int.Parse(words[1], CultureInfo.InvariantCulture));
        });
        return new Story(lines[0], lines[1], [.. lives]);
    }

    private void Save()
    {
        var lives = Lives.Select(life => string.Create(
            CultureInfo.InvariantCulture, $"{life.Finished} {life.LossSeed?.ToString(CultureInfo.InvariantCulture) ?? None}"));
        File.WriteAllLines(Path.Combine(Folder, FileName), [Workload, Folder, .. lives]);
    }

    /// <summary>Which of the calls that the process was killed in were done, as the directory shows.</summary>
    /// <exception cref="RecordingException">No choice of them makes the model what the directory is.</exception>
    private static int FindFinished(string folder, MemoryFileSystem before, Life life)
    {
        string? difference = null;
        for (var finished = 0; finished < MostChoices; finished++)
        {
            var files = before.Crash(CrashLoss.Nothing);
            difference = Image.FindDifference(End(folder, files, life with { Finished = finished, LossSeed = null }), folder);
            if (difference is null)
            {
                return finished;
            }
        }

        throw new RecordingException($"the trace does not say what the member did: {difference}");
    }

    private static MemoryFileSystem End(string folder, MemoryFileSystem before, Life life)
    {
        var disk = new TraceDisk(folder, before);
        foreach (var happening in life.Events)
        {
            disk.Play(happening);
            disk.Settle();
        }

        return life.End(disk);
    }
}
