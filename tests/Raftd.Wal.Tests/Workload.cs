
using Raftd.Testing.Disks;

namespace Raftd.Wal.Tests;

/// <summary>Drives a log and a model side by side, and knows what a crash at this moment may leave.</summary>
/// <remarks>
/// <see cref="Allowed"/>: the model as last synced, then one more state for each record appended since. A crash may leave
/// any one of them, nothing else.
/// </remarks>
internal sealed class Workload(MemoryFileSystem files, WalOptions options, LogModel synced)
{
    public const string Directory = "/wal";

    public static readonly WalOptions SmallSegments = new()
    {
        SegmentSizeBytes = 8 << 10,
        MaxRecordBytes = 64 << 10,
        ReserveBytes = 512,
    };

    /// <summary>As in the product.</summary>
    public static readonly WalOptions LargeSegments = new()
    {
        SegmentSizeBytes = 64 << 20,
        MaxRecordBytes = 64 << 20,
        ReserveBytes = 64 << 10,
    };

    private WriteAheadLog? _log;

    public List<LogModel> Allowed { get; } = [synced];

    /// <summary>The lowest index that has to be there.</summary>
    public ulong DeletedBelow { get; set; } = 1;

    public LogModel Latest => Allowed[^1];

    public WriteAheadLog Log => _log ??= WriteAheadLog.Open(files, Directory, options);

    public static LogEntry Entry(ulong term, ulong index, int length)
    {
        var data = new byte[length];
        new Random((int)((index * 31) + term)).NextBytes(data);
        return new LogEntry(term, index, (byte)(index % 3), data);
    }

    public void Append(ulong term, ulong low, int count, int length, bool withState = false)
    {
        var entries = Enumerable.Range(0, count).Select(at => Entry(term, low + (ulong)at, length)).ToArray();
        foreach (var entry in entries)
        {
            Allowed.Add(Latest.Put(entry));
        }

        LogState? state = withState ? Latest.State with { Term = term, Vote = term % 3 } : null;
        if (state is { } changed)
        {
            Allowed.Add(Latest.With(changed));
        }

        Log.Append(entries, state);
    }

    public void Append(LogState state)
    {
        Allowed.Add(Latest.With(state));
        Log.Append([], state);
    }

    public void Sync()
    {
        Log.Sync();
        Allowed.RemoveRange(0, Allowed.Count - 1);
    }

    public void DeleteBelow(ulong index)
    {
        DeletedBelow = Math.Max(DeletedBelow, index);
        Log.DeleteBelow(index);
        Allowed.RemoveRange(0, Allowed.Count - 1);
    }

    public void Reset(ulong index, ulong term, LogState state)
    {
        Allowed.Add(LogModel.Reset(index, term, state));
        DeletedBelow = Math.Max(DeletedBelow, index + 1);
        Log.Reset(index, term, state);
        Allowed.RemoveRange(0, Allowed.Count - 1);
    }

    /// <summary>As after kill -9, without losing what was not synced.</summary>
    public void Reopen()
    {
        Log.Dispose();
        _log = WriteAheadLog.Open(files, Directory, options);
        Allowed.RemoveRange(0, Allowed.Count - 1);
        if (Log.State.Recovering)
        {
            Append(Log.State with { Recovering = false });
        }
    }

    /// <summary>Every kind of step, across several segments; each file operation of it is a place to crash.</summary>
    public static void Everything(Workload work)
    {
        work.Append(1, 1, 3, 200, withState: true);
        work.Sync();
        work.Log.PrepareSpare();
        work.Append(1, 4, 20, 300);
        work.Sync();
        work.Append(2, 10, 5, 100, withState: true);
        work.Sync();
        work.Append(work.Latest.State with { Commit = 12 });
        work.Append(3, 15, 12, 700);
        work.Sync();
        work.DeleteBelow(11);
        work.Reopen();
        work.Append(3, 27, 1, 20_000);
        work.Append(3, 28, 3, 10);
        work.Sync();
        work.Append(4, 26, 4, 500, withState: true);
        work.DeleteBelow(26);
        work.Append(4, 30, 2, 50);
        work.Reset(100, 7, new LogState(8, 2, 100, Recovering: false));
        work.Log.PrepareSpare();
        work.Append(8, 101, 15, 900);
        work.Sync();
        work.Reopen();
        work.Append(9, 103, 2, 100, withState: true);
        work.Sync();
    }

    /// <summary>Opens what a crash left and compares.</summary>
    public static void Verify(MemoryFileSystem crashed, Workload work, string context)
    {
        using var log = WriteAheadLog.Open(crashed, Directory, SmallSegments);
        var differences = work.Allowed.ConvertAll(allowed => allowed.Difference(log));
        Assert.True(differences.Contains(null), $"{context}: {string.Join(" | ", differences)}");
        Assert.True(
            log.FirstIndex <= work.DeletedBelow, $"{context}: starts at {log.FirstIndex}, deleted below {work.DeletedBelow}");
        Assert.True(log.Recovery.Tail.Kind == TailKind.Clean || log.State.Recovering, $"{context}: torn, not recovering");
    }
}
