// Plays a story again and stops the power, many times: at a boundary between two calls, with one of the patterns of loss,
// the disk as it would then be is written out and a member is started on it.
//
// Which boundaries: those of rare kinds of calls (which call, on which kind of file) with every pattern, for the few
// renames and syncs of directories would be lost among thousands of writes of pages; then half of the images anywhere,
// evenly, and the other half evenly over the kinds.
// All of it follows from the seed and the recorded story. The story itself has threads in it and is another each time.

using System.Diagnostics;
using Raftd.PowerLoss.Tests.Checking;
using Raftd.PowerLoss.Tests.Recording;
using Raftd.PowerLoss.Tests.Replaying;
using Raftd.Testing.Disks;

namespace Raftd.PowerLoss.Tests;

/// <param name="Story">Which workload.</param>
/// <param name="Calls">Calls that changed the disk or what of it is durable.</param>
/// <param name="Boundaries">Places at which the power was stopped.</param>
/// <param name="Images">Disks rebuilt, no two the same.</param>
/// <param name="Recoveries">Members started.</param>
/// <param name="Elapsed">Time for all of it.</param>
/// <param name="Violations">What went wrong, at most 20 times: the image's number, place and pattern first.</param>
/// <param name="SharedMaps">Files that were mapped shared and writable.</param>
internal sealed record SweepReport(
    string Story, int Calls, int Boundaries, int Images, int Recoveries, TimeSpan Elapsed, IReadOnlyList<string> Violations,
    IReadOnlyCollection<string> SharedMaps)
{
    public override string ToString() =>
        $"{Story}: {Calls} calls, {Boundaries} boundaries, {Images} images, {Recoveries} recoveries, "
        + $"{Elapsed.TotalMilliseconds / Math.Max(1, Images):F1} ms each, {Violations.Count} violations";
}

internal sealed class Sweep
{
    private const int StartAgainEvery = 4;
    private const int WholeNodeEvery = 40;
    private const int Rare = 3; // boundaries of one kind
    private const int MostRounds = 8; // a story may have fewer images than are asked for
    private const int Enough = 20; // violations; more of them say nothing more

    private readonly Story _story;
    private readonly Random _random;
    private readonly MemberCheck _check;
    private readonly string _folder;
    private readonly List<string> _places = [];
    private readonly List<Note> _notes = [];
    private readonly List<int> _notesOfLife = [];
    private readonly SortedSet<string> _sharedMaps = new(StringComparer.Ordinal);
    private readonly List<string> _violations = [];
    private readonly HashSet<string> _disks = new(StringComparer.Ordinal);
    private readonly HashSet<(string Disk, int Notes)> _checked = [];
    private readonly HashSet<int> _boundaries = [];

    /// <param name="story">What is played.</param>
    /// <param name="seed">Decides where, and what is lost.</param>
    /// <param name="folder">The image being looked at is made in it, with its place beside it should the process not survive
    /// the look; the first that fails is kept.</param>
    public Sweep(Story story, int seed, string folder)
    {
        _story = story;
        _random = new Random(seed);
        _check = new MemberCheck(story.Workload);
        _folder = folder;
    }

    /// <summary>A disk is looked at again where more was acknowledged meanwhile.</summary>
    /// <param name="images">How many disks, no two the same.</param>
    public async Task<SweepReport> RunAsync(int images)
    {
        var started = Stopwatch.GetTimestamp();
        await SurveyAsync();
        for (var round = 0; round < MostRounds && _disks.Count < images && _violations.Count < Enough; round++)
        {
            await SweepAsync(Choose(images - _disks.Count));
        }

        return new SweepReport(
            _story.Workload, _places.Count, _boundaries.Count, _disks.Count, _check.Recoveries,
            Stopwatch.GetElapsedTime(started), _violations, _sharedMaps);
    }

    /// <summary>From the first boundary to the last.</summary>
    private async Task SweepAsync(List<LossPattern>[] wanted)
    {
        _check.BeginStory();
        var boundary = 0;
        await PlayAsync(
            async (disk, life, _) =>
            {
                foreach (var pattern in wanted[boundary++].TakeWhile(_ => _violations.Count < Enough))
                {
                    await TryAsync(disk, life, boundary - 1, pattern);
                }
            },
            static _ => { });
    }

    /// <summary>A first pass: what boundaries there are, and all the notes.</summary>
    private async Task SurveyAsync()
    {
        await PlayAsync(
            (_, _, place) =>
            {
                _places.Add($"{place.Call} {KindOf(place.Path)}");
                return Task.CompletedTask;
            },
            disk =>
            {
                _notes.AddRange(disk.Notes);
                _notesOfLife.Add(_notes.Count);
                _sharedMaps.UnionWith(disk.SharedMaps);
            });
    }

    private List<LossPattern>[] Choose(int images)
    {
        var kinds = _places.Select((place, at) => (place, at)).GroupBy(pair => pair.place, pair => pair.at, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => group.ToArray()).ToArray();
        var wanted = Enumerable.Range(0, _places.Count).Select(_ => new List<LossPattern>()).ToArray();
        if (_disks.Count == 0)
        {
            kinds.Where(kind => kind.Length <= Rare).SelectMany(kind => kind).ToList()
                .ForEach(at => wanted[at].AddRange(LossPatterns.All));
        }

        var pairs = _places.Count * LossPatterns.All.Length;
        for (var i = 0; i < images; i++)
        {
            if (images >= pairs && i < pairs)
            {
                wanted[i / LossPatterns.All.Length].Add(LossPatterns.All[i % LossPatterns.All.Length]);
                continue;
            }

            var kind = kinds[_random.Next(kinds.Length)];
            var at = i % 2 == 0 ? _random.Next(_places.Count) : kind[_random.Next(kind.Length)];
            wanted[at].Add(LossPatterns.All[i / 2 % LossPatterns.All.Length]);
        }

        return wanted;
    }

    private async Task PlayAsync(Func<TraceDisk, int, TracePlace, Task> atBoundary, Action<TraceDisk> atEndOfLife)
    {
        var files = new MemoryFileSystem();
        for (var life = 0; life < _story.Lives.Count; life++)
        {
            var disk = new TraceDisk(_story.Folder, files);
            foreach (var happening in _story.Lives[life].Events)
            {
                for (var place = disk.Play(happening); place is { } changed; place = disk.Settle())
                {
                    await atBoundary(disk, life, changed);
                }
            }

            atEndOfLife(disk);
            files = _story.Lives[life].End(disk);
        }
    }

    private async Task TryAsync(TraceDisk disk, int life, int boundary, LossPattern pattern)
    {
        var left = Lose(disk.Files, pattern);
        var content = Image.HashOf(left);
        _disks.Add(content);
        _boundaries.Add(boundary);
        if (!_checked.Add((content, NotesBefore(life) + disk.Notes.Count)))
        {
            return;
        }

        var number = _checked.Count;
        var place = $"image {number}, {_story.Workload} at {boundary} (after {_places[boundary]}), {pattern}";
        var image = Path.Combine(_folder, "image");
        Image.Write(left, image);
        await File.WriteAllTextAsync(image + ".place", place);
        try
        {
            await CheckAsync(image, HistoryAt(disk, life), pattern, number);
        }
        catch (Exception failure)
        {
            _violations.Add($"{place}: {failure.GetType().Name}: {failure.Message}");
            KeepFirst(left, place);
        }

        Directory.Delete(image, recursive: true);
    }

    private async Task CheckAsync(string image, History history, LossPattern pattern, int number)
    {
        if (_story.Workload == Workloads.Alone && number % WholeNodeEvery == 0)
        {
            await _check.RunNodeAsync(image, history);
            return;
        }

        _check.Run(image, history, pattern == LossPattern.Everything, again: number % StartAgainEvery == 0);
    }

    /// <param name="files">The disk when the power fails.</param>
    /// <param name="pattern">What of it is lost.</param>
    private MemoryFileSystem Lose(MemoryFileSystem files, LossPattern pattern)
    {
        var pieces = new List<UnsyncedPiece>();
        files.Crash(piece =>
        {
            pieces.Add(piece);
            return true;
        });
        return files.Crash(LossPatterns.Of(pattern, _random, pieces));
    }

    private History HistoryAt(TraceDisk disk, int life) =>
        new(_notes[.._notesOfLife[life]], NotesBefore(life) + disk.Notes.Count);

    private int NotesBefore(int life) => life == 0 ? 0 : _notesOfLife[life - 1];

    private void KeepFirst(MemoryFileSystem left, string place)
    {
        if (_violations.Count == 1)
        {
            var kept = Path.Combine(_folder, $"failed-{_story.Workload}");
            Image.Write(left, kept);
            File.WriteAllText(kept + ".place", place);
        }
    }

    private static string KindOf(string path) => Path.GetExtension(path) switch
    {
        ".wal" => "log segment",
        _ when Path.GetFileName(path).StartsWith("spare", StringComparison.Ordinal) => "spare segment",
        ".tmp" => "new segment",
        _ => path,
    };
}
