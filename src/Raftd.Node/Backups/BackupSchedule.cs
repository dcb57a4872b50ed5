// Backups that a member makes by itself, one in each interval, into a directory of the operator's.
//
//   1. The first is due an interval after the newest one in the directory, or at once where there is none. So restarts neither
//      put a backup off nor multiply it.
//   2. The state comes out of the spooler, as for any client that asks for a backup: writes go on, and a peer goes before.
//   3. It is written as a part, synced, and read back as a restore would read it. Then it gets its name, and only then the
//      oldest ones go. A full disk, or a crash at any point, therefore costs no backup that was there.
//   4. What fails is told in the log and in /status until one succeeds, and is tried again after a minute. Nothing that happens
//      to the directory stops the member: it may be on another disk, or on another machine that is away.
//
// It has a thread of its own. A disk of another machine may hang for minutes, and nothing else may wait for it.

using Microsoft.Extensions.Logging;
using Raftd.Contract;
using Raftd.Node.Replication;
using Raftd.Node.Service;
using Raftd.State.Loops;
using Raftd.Store;
using Raftd.Store.Snapshots;
using Raftd.Wal;

namespace Raftd.Node.Backups;

/// <param name="options">Interval, number, size of a step.</param>
/// <param name="directory">Need not be there yet.</param>
/// <param name="spooler">Where the state comes from.</param>
/// <param name="state">Says what clients have been told is in it.</param>
/// <param name="fenced">Why this member's state may be wrong; null while it is not fenced.</param>
/// <param name="time">Timestamps for the interval; the clock for names alone.</param>
/// <param name="logger">Gets a line for each backup and each failure.</param>
internal sealed class BackupSchedule(
    BackupOptions options, BackupDirectory directory, SnapshotSpooler spooler, StateMachine state, Func<string?> fenced,
    TimeProvider time, ILogger logger) : ILoop, IDisposable
{
    private static readonly TimeSpan RetryTime = TimeSpan.FromMinutes(1);

    // A disk that hangs fails nothing: after this time it is said that a backup is under way for too long.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    private readonly Mailbox<SpoolAnswer> _inbox = new(int.MaxValue);
    private List<SpoolAnswer> _answers = [];
    private BackupStatus _status = new(directory.Path, Last: null, Failure: null);
    private SpoolRequest? _request;
    private BackupCopy? _copy;
    private BackupName? _name;
    private bool _hasResumed;

    // The next attempt is due this long after that moment.
    private long _since = time.GetTimestamp();
    private TimeSpan _wait;

    // When the attempt that is under way began; 0 while there is none. Read by any thread.
    private long _began;

    /// <summary>Set by the owner of the loop: called when there is something to do.</summary>
    public Action Wake
    {
        set => _inbox.Wake = value;
    }

    /// <summary>Any thread.</summary>
    public BackupStatus Status
    {
        get
        {
            var status = Volatile.Read(ref _status);
            var began = Volatile.Read(ref _began);
            return began != 0 && time.GetElapsedTime(began) is var elapsed && elapsed > Patience
                ? status with { Failure = $"one has been under way for {elapsed.TotalMinutes:0} minutes: does the disk of {directory.Path} answer?" }
                : status;
        }
    }

    /// <summary>Begins a backup when one is due.</summary>
    public void Tick()
    {
        if (_request is null && _copy is null && time.GetElapsedTime(_since) >= _wait)
        {
            Volatile.Write(ref _began, time.GetTimestamp());
            Try(Ask);
        }
    }

    public bool Step()
    {
        if (_inbox.Take(ref _answers))
        {
            _request = null;
            var answer = _answers[^1];
            _answers.Clear();
            Try(() => Begin(answer));
        }

        if (_copy is { } copy)
        {
            Try(() => Go(copy));
        }

        return _copy is not null;
    }

    /// <summary>Once the loop has stopped. What was being written stays as a part, and goes at the next start.</summary>
    public void Dispose()
    {
        _request?.Cancel();
        if (_inbox.Take(ref _answers))
        {
            _answers.ForEach(static answer => answer.Lease?.Dispose());
        }

        _copy?.Dispose();
    }

    private void Ask()
    {
        directory.Prepare();
        if (!_hasResumed)
        {
            _hasResumed = true;
            Resume();
            if (_wait > TimeSpan.Zero)
            {
                Volatile.Write(ref _began, 0);
                return;
            }
        }

        if (fenced() is { } reason)
        {
            throw new StoreException(ErrorCode.NotReady, $"this member is fenced: {reason}");
        }

        _request = spooler.Request(state.View().Applied.Index, keepsLog: false, _inbox.Post);
    }

    /// <summary>The newest backup says when the next one is due. One from the future, made before the clock was set back, says
    /// nothing.</summary>
    private void Resume()
    {
        var newest = directory.Backups() is [.., var last] ? last : null;
        var age = time.GetUtcNow() - (newest?.Time ?? DateTimeOffset.MinValue);
        var isRecent = age >= TimeSpan.Zero && age < options.Interval;
        (_since, _wait) = (time.GetTimestamp(), isRecent ? options.Interval - age : TimeSpan.Zero);
        Volatile.Write(ref _status, new BackupStatus(directory.Path, newest is null ? null : SavedOf(newest), Failure: null));
    }

    private void Begin(SpoolAnswer answer)
    {
        if (answer.Lease is not { } lease)
        {
            throw new StoreException(ErrorCode.NotReady, answer.Reason);
        }

        var backup = new Backup(lease, place: null);
        try
        {
            RequireRoom(new BackupFile(backup).Bytes);
            _name = directory.NameOf((long)lease.Snapshot.Meta.StoreRevision, time.GetUtcNow());
            _copy = new BackupCopy(backup, directory.CreatePart(_name), options.SliceBytes);
        }
        catch
        {
            backup.Dispose();
            throw;
        }
    }

    private void RequireRoom(long bytes)
    {
        var available = directory.AvailableBytes;
        if (available < bytes)
        {
            throw new StoreException(
                ErrorCode.NoSpace, $"it needs {bytes} bytes, and the disk of {directory.Path} has {available}: free some space there");
        }
    }

    private void Go(BackupCopy copy)
    {
        if (copy.Step())
        {
            return;
        }

        directory.Publish(_name!);
        _copy = null;
        copy.Dispose();
        NodeLog.BackupMade(logger, _name!.ToString());
        End(options.Interval, SavedOf(_name), TryDeleteOld());
    }

    /// <summary>A failure here is no reason for another backup: each would stay.</summary>
    /// <returns>The failure, if there was one.</returns>
    private string? TryDeleteOld()
    {
        try
        {
            foreach (var old in directory.Backups().SkipLast(options.Kept))
            {
                directory.Delete(old);
            }

            return null;
        }
        catch (StorageIoException failure)
        {
            NodeLog.BackupFailed(logger, directory.Path, failure.Message);
            return $"old ones cannot be deleted: {failure.Message}";
        }
    }

    /// <summary>Runs a part of the work that the directory's disk may fail.</summary>
    private void Try(Action work)
    {
        try
        {
            work();
        }
        catch (Exception failure) when (failure is StoreException or StorageIoException or BackupException)
        {
            NodeLog.BackupFailed(logger, directory.Path, failure.Message);
            DropCopy();
            End(options.Interval < RetryTime ? options.Interval : RetryTime, Status.Last, failure.Message);
        }
    }

    private void DropCopy()
    {
        if (_copy is not { } copy)
        {
            return;
        }

        _copy = null;
        copy.Dispose();
        try
        {
            directory.DeletePart(_name!);
        }
        catch (StorageIoException)
        {
            // The next attempt begins with that.
        }
    }

    private void End(TimeSpan wait, SavedBackup? last, string? failure)
    {
        (_since, _wait) = (time.GetTimestamp(), wait);
        Volatile.Write(ref _status, new BackupStatus(directory.Path, last, failure));
        Volatile.Write(ref _began, 0);
    }

    private static SavedBackup SavedOf(BackupName name) => new(name.ToString(), name.Revision, name.Time);
}
