using System.Text;
using Raftd.Testing.Disks;

namespace Raftd.Wal.Tests;

/// <summary>One log on a disk in memory, driven by the commands of a script.</summary>
internal sealed class ScriptRunner : IDisposable
{
    private readonly List<string> _journal = [];
    private MemoryFileSystem _files;
    private WriteAheadLog? _log;
    private int _errno;
    private string _failing = "";

    public ScriptRunner()
    {
        _files = new MemoryFileSystem();
        Watch();
    }

    private WriteAheadLog Log => _log ?? throw new IOException("the log is not open");

    public void Dispose() => _log?.Dispose();

    /// <summary>The file operations and the answer of one command, a line each.</summary>
    public string Run(string command)
    {
        var words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string answer;
        try
        {
            answer = Do(words[0], words[1..]);
        }
        catch (Exception e) when (e is IOException or LogCompactedException)
        {
            answer = $"{e.GetType().Name}: {e.Message}";
        }

        var output = new StringBuilder();
        _journal.ForEach(line => output.Append("  ").Append(line).Append('\n'));
        _journal.Clear();
        return output.Append(answer.Length > 0 ? answer + "\n" : "").ToString();
    }

    private string Do(string command, string[] words) => command switch
    {
        "open" => Open(),
        "append" => Append(Number(words, 0), Number(words, 1), (int)Number(words, 2), (int)Number(words, 3)),
        "state" => State(new LogState(Number(words, 0), Number(words, 1), Number(words, 2), words.Contains("recovering"))),
        "write" => Then(Log.Write),
        "sync" => Then(Log.Sync),
        "delete-below" => Then(() => Log.DeleteBelow(Number(words, 0))),
        "reset" => Then(() => Log.Reset(Number(words, 0), Number(words, 1), new LogState(Number(words, 1), 0, Number(words, 0), false))),
        "spare" => Log.PrepareSpare() ? "ready" : "no space",
        "reserve" => Log.TryReserve((long)Number(words, 0)) ? "yes" : "no",
        "read" => Read(Number(words, 0), Number(words, 1), (long)Number(words, 2)),
        "show" => Show(),
        "crash" => Crash(Enum.Parse<CrashLoss>(words[0], ignoreCase: true), words.Length > 1 ? (int)Number(words, 1) : 0),
        "flip" => Flip(words[0], (int)Number(words, 1)),
        "remove" => Then(() => _files.Delete($"{Workload.Directory}/{words[0]}")),
        "capacity" => Capacity((long)Number(words, 0)),
        "fail" => Fail(words[0], (int)Number(words, 1)),
        "list" => string.Join('\n', _files.List(Workload.Directory)),
        _ => $"unknown command {command}",
    };

    private string Open()
    {
        _log = WriteAheadLog.Open(_files, Workload.Directory, Workload.SmallSegments);
        var tail = _log.Recovery.Tail;
        return $"{Show()}\ntail {tail.Kind} in {tail.Segment:x16} at {tail.Offset}, {tail.BytesDropped} bytes dropped";
    }

    private string Append(ulong term, ulong low, int count, int length)
    {
        Log.Append([.. Enumerable.Range(0, count).Select(at => Workload.Entry(term, low + (ulong)at, length))], null);
        return "";
    }

    private string State(LogState state)
    {
        Log.Append([], state);
        return "";
    }

    private string Then(Action step)
    {
        step();
        return "";
    }

    private string Show() =>
        $"[{Log.FirstIndex}, {Log.LastIndex}] after term {Log.Term(Log.FirstIndex - 1)}, written {Log.WrittenIndex}, " +
        $"synced {Log.SyncedIndex}; term {Log.State.Term} vote {Log.State.Vote} commit {Log.State.Commit}" +
        (Log.State.Recovering ? " recovering" : "");

    private string Read(ulong low, ulong high, long maxBytes) => string.Join(
        '\n', Log.Read(low, high, maxBytes).Select(entry => $"{entry.Index} term {entry.Term}, {entry.Data.Length} bytes"));

    private string Crash(CrashLoss loss, int seed)
    {
        _log = null;
        _files = _files.Crash(loss, new Random(seed));
        Watch();
        return "";
    }

    private string Flip(string name, int offset)
    {
        var path = $"{Workload.Directory}/{name}";
        var bytes = _files.Get(path);
        bytes[offset] ^= 1;
        _files.Put(path, bytes);
        return "";
    }

    private string Capacity(long bytes)
    {
        _files.CapacityBytes = bytes;
        return "";
    }

    /// <summary>From now on operations of this kind fail; "none" ends it.</summary>
    private string Fail(string kind, int errno)
    {
        (_failing, _errno) = (kind, errno);
        return "";
    }

    private void Watch()
    {
        _files.Journal = _journal;
        _files.BeforeOperation = operation => operation.Kind.ToString() == _failing ? _errno : 0;
    }

    private static ulong Number(string[] words, int at) => ulong.Parse(words[at]);
}
