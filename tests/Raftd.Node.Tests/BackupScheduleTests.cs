using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Node.Backups;
using Raftd.Node.Replication;
using Raftd.Store;
using Raftd.Store.Snapshots;
using Raftd.Testing;
using Raftd.Testing.Buckets;
using Raftd.Testing.Clocks;
using Raftd.Testing.Disks;
using Raftd.Wal;

namespace Raftd.Node.Tests;

/// <summary>A backup in each interval, whole or not there, and a member that nothing of it stops.</summary>
public sealed class BackupScheduleTests : IDisposable
{
    private const ulong ClusterId = 7;
    private const ulong MemberId = 3;
    private const string Place = "/backups";

    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    private readonly ModelStateDirectory _directory = new(new ModelStateDisk());
    private readonly StateMachine _state;
    private readonly SnapshotSpooler _spooler;
    private MemoryFileSystem _files = new();
    private readonly ManualTime _time = new();
    private readonly BackupOptions _options = new() { Directory = Place, Interval = Interval, Kept = 3, SliceBytes = 1000 };
    private BackupSchedule _schedule;
    private string? _fenced;

    public BackupScheduleTests()
    {
        _state = StateMachine.Open(_directory, new StoreOptions());
        var spool = new SpoolDirectory(new MemoryFileSystem(), "/spool");
        spool.Prepare();
        var options = new SpoolOptions { ChunkBytes = 100, SliceBytes = 300, ReserveBytes = 1000, IdleTime = TimeSpan.Zero };
        _spooler = new SnapshotSpooler(_state, new LogPins(firstIndex: 1), spool, options, ClusterId, _time, NullLogger.Instance);
        _schedule = NewSchedule();
        Put();
    }

    public void Dispose()
    {
        _schedule.Dispose();
        _spooler.Dispose();
        _state.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void First_IsMadeAtOnce_AndEachNextOneAnIntervalLater()
    {
        Run();
        Assert.Single(Backups());
        Assert.Equal(("/backups", (string?)null), (_schedule.Status.Directory, _schedule.Status.Failure));
        Assert.Equal(new SavedBackup(Backups()[0], _state.View().Revision, _time.GetUtcNow()), _schedule.Status.Last);

        Pass(Interval - TimeSpan.FromSeconds(1));
        Assert.Single(Backups());
        Put();
        Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(2, Backups().Count);
        Assert.Equal(_state.View().Revision, _schedule.Status.Last!.Revision);
    }

    [Fact]
    public void File_IsABackup_OfTheStateOfThatMoment()
    {
        Run();
        using var file = _files.Open($"{Place}/{Backups().Single()}", FileOpenMode.OpenExisting, writable: false);
        using var reader = new BackupReader(new FileBytes(file));
        var summary = reader.ReadToEnd();
        Assert.Equal((ClusterId, (ulong)_state.View().Revision), (summary.Meta.ClusterId, summary.Meta.StoreRevision));
    }

    [Fact]
    public void Old_GoOnceANewOneIsThere_AndOnlyThoseOfThisMember()
    {
        string[] others =
        [
            new BackupName(ClusterId, MemberId + 1, _time.GetUtcNow(), 1).ToString(),
            new BackupName(ClusterId + 1, MemberId, _time.GetUtcNow(), 1).ToString(),
            "notes.txt",
            $"{new BackupName(ClusterId, MemberId + 1, _time.GetUtcNow(), 2)}.part",
        ];
        _files.CreateDirectory(Place);
        foreach (var other in others)
        {
            _files.Open($"{Place}/{other}", FileOpenMode.CreateNew).Dispose();
        }

        for (var i = 0; i < 5; i++)
        {
            Put();
            Run();
            Pass(Interval);
        }

        var own = Backups().Except(others, StringComparer.Ordinal).ToList();
        Assert.Equal(3, own.Count);
        Assert.Equal(_schedule.Status.Last!.File, own[^1]);
        Assert.Equal(own.Count + others.Length, Backups().Count);
    }

    /// <summary>The clock of an hour ago gives its backups older names, and those are nevertheless the newest.</summary>
    [Fact]
    public void Clock_SetBack_TheNewestByRevisionStay()
    {
        for (var i = 0; i < 5; i++)
        {
            Run();
            Put();
            _time.WallClock -= 2 * Interval;
            Pass(Interval);
        }

        Run();
        var revisions = Backups().Select(name => BackupName.Parse(name)!.Revision).Order().ToList();
        Assert.Equal([_state.View().Revision - 2, _state.View().Revision - 1, _state.View().Revision], revisions);
    }

    [Fact]
    public void Restart_WaitsForWhatIsLeftOfTheInterval()
    {
        Run();
        Pass(Interval / 2);
        Restart();
        Run();
        Assert.Single(Backups());
        Assert.Equal(Backups()[0], _schedule.Status.Last!.File);
        Pass(Interval / 2);
        Assert.Equal(2, Backups().Count);
    }

    [Fact]
    public void Restart_AfterMoreThanTheInterval_MakesOneAtOnce()
    {
        Run();
        _schedule.Dispose();
        _time.Advance(2 * Interval);
        _schedule = NewSchedule();
        Run();
        Assert.Equal(2, Backups().Count);
    }

    /// <summary>Whatever operation fails, with whatever error: no part stays, what was there stays, it is told, and mended in a minute.</summary>
    [Fact]
    public void Disk_FailsAtAnyOperation_TheFormerStay_AndTheNextAttemptIsGood()
    {
        Run();
        var former = Backups().Single();
        var failed = 0;
        for (var at = 0; ; at++)
        {
            _time.Advance(Interval);
            var left = at;
            _files.BeforeOperation = operation => left-- == 0 ? Errno.NoSpace : 0;
            Run();
            _files.BeforeOperation = null;
            if (_schedule.Status.Failure is not { } failure)
            {
                Assert.True(left >= 0, "an operation failed, and nothing says so");
                break;
            }

            failed++;
            Assert.Contains(former, Backups(), StringComparer.Ordinal);
            Assert.NotNull(_schedule.Status.Last);

            // Where the backup was made and only the old ones could not go, another one a minute later would fill the disk.
            Pass(failure.StartsWith("old ones", StringComparison.Ordinal) ? Interval : TimeSpan.FromMinutes(1));
            Assert.Null(_schedule.Status.Failure);
            Assert.DoesNotContain(Backups(), static name => name.EndsWith(".part", StringComparison.Ordinal));
            former = Backups()[^1];
        }

        Assert.InRange(failed, 8, 1000);
    }

    /// <summary>After a crash at any operation, with all that was not synced lost, each file that has its name is whole.</summary>
    [Fact]
    public void Crash_AtAnyOperation_LeavesWholeBackupsOnly()
    {
        Run();
        for (var at = 0; ; at++)
        {
            _time.Advance(Interval);
            var left = at;
            _files.BeforeOperation = operation => left-- == 0 ? throw new CrashException() : 0;
            var crashed = false;
            try
            {
                Run();
            }
            catch (CrashException)
            {
                crashed = true;
            }

            _files.BeforeOperation = null;
            _schedule.Dispose();
            _files = _files.Crash(CrashLoss.Some, new Random(at));
            _schedule = NewSchedule();
            var whole = Backups().Where(static name => name.EndsWith(".snapshot", StringComparison.Ordinal)).ToList();
            Assert.NotEmpty(whole);
            Assert.All(whole, Check);
            if (!crashed)
            {
                break;
            }
        }
    }

    [Fact]
    public void Full_IsFoundBeforeTheFirstByte()
    {
        _files.CapacityBytes = 100;
        Run();
        Assert.Contains("free some space there", _schedule.Status.Failure, StringComparison.Ordinal);
        Assert.Empty(Backups());
    }

    [Fact]
    public void Fenced_MakesNone()
    {
        _fenced = "it lies";
        Run();
        Assert.Empty(Backups());
        Assert.Equal("this member is fenced: it lies", _schedule.Status.Failure);
    }

    /// <summary>Two that are too slow hold the files of the spooler: nothing fails, and nothing is made.</summary>
    [Fact]
    public void Attempt_ThatTakesTooLong_IsTold()
    {
        _schedule.Tick();
        _time.Advance(TimeSpan.FromMinutes(31));
        Assert.Contains("under way for 31 minutes", _schedule.Status.Failure, StringComparison.Ordinal);
        Run();
        Assert.Null(_schedule.Status.Failure);
    }

    private BackupSchedule NewSchedule() => new(
        _options, new BackupDirectory(_files, Place, ClusterId, MemberId), _spooler, _state, () => _fenced, _time, NullLogger.Instance);

    private void Restart()
    {
        _schedule.Dispose();
        _schedule = NewSchedule();
    }

    private IReadOnlyList<string> Backups() => _files.Exists(Place) ? _files.List(Place) : [];

    private void Put()
    {
        var request = new PutRequest { Key = "k"u8.ToArray(), Value = new byte[500] };
        Assert.NotNull(_state.Apply(_state.Applied.Index + 1, term: 1, By.Nobody.Put(request)));
        _state.Publish();
        Assert.True(_state.TryFreeze(out var frozen));
        _state.Flush(frozen);
    }

    private void Check(string name)
    {
        using var file = _files.Open($"{Place}/{name}", FileOpenMode.OpenExisting, writable: false);
        using var reader = new BackupReader(new FileBytes(file));
        reader.ReadToEnd();
    }

    private void Pass(TimeSpan time)
    {
        _time.Advance(time);
        Run();
    }

    private void Run()
    {
        _spooler.Tick();
        _schedule.Tick();
        while (_spooler.Step() | _schedule.Step())
        {
        }
    }

    private sealed class CrashException : Exception;
}
