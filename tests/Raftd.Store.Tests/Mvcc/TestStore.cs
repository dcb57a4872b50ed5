using System.Text;
using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.Store.Buckets;
using Raftd.Testing;
using Raftd.Testing.Buckets;

namespace Raftd.Store.Tests.Mvcc;

/// <summary>A state machine over the model store, with entries that number themselves.</summary>
internal sealed class TestStore : IDisposable
{
    private readonly Func<IStateDirectory> _open;
    private readonly StoreOptions _options;
    private IStateDirectory _directory;

    public TestStore(StoreOptions? options = null)
        : this(ModelDirectory(), options)
    {
    }

    public TestStore(Func<IStateDirectory> open, StoreOptions? options = null)
    {
        _open = open;
        _options = options ?? new StoreOptions();
        _directory = open();
        State = StateMachine.Open(_directory, _options);
    }

    public StateMachine State { get; private set; }

    public IStateDirectory Directory => _directory;

    public ulong Term { get; set; } = 1;

    /// <summary>Entries applied since the start, to replay after a crash as a log would.</summary>
    public List<(ulong Index, ulong Term, ReadOnlyMemory<byte> Command)> Log { get; } = [];

    public long Revision => State.View().Revision;

    public static Func<IStateDirectory> ModelDirectory()
    {
        var disk = new ModelStateDisk();
        return () => new ModelStateDirectory(disk);
    }

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public CommandResult Apply(ReadOnlyMemory<byte> command, bool publish = true)
    {
        var index = State.Applied.Index + 1;
        Log.Add((index, Term, command));
        var result = ApplyWhole(index, Term, command);
        if (publish)
        {
            State.Publish();
        }

        return result;
    }

    /// <summary>All slices of an entry, as an applier with nothing else to do.</summary>
    public CommandResult ApplyWhole(ulong index, ulong term, ReadOnlyMemory<byte> command)
    {
        var result = State.Apply(index, term, command);
        while (result is null)
        {
            result = State.ApplySlice();
        }

        return result;
    }

    public PutResult Put(
        string key, string value, long lease = 0, long ttl = 0, long hidden = 0, Precondition? condition = null, bool previous = false) =>
        Assert.IsType<PutResult>(TryPut(key, value, lease, ttl, hidden, condition, previous));

    public CommandResult TryPut(
        string key, string value, long lease = 0, long ttl = 0, long hidden = 0, Precondition? condition = null, bool previous = false) =>
        Apply(By.Nobody.Put(
            new PutRequest
            {
                Key = Bytes(key),
                Value = Bytes(value),
                Lease = lease,
                TtlSeconds = ttl,
                ReturnPrevious = previous,
                Condition = condition,
            },
            hidden));

    public DeleteRangeResult Delete(string key, string end = "", Precondition? condition = null) =>
        Assert.IsType<DeleteRangeResult>(Apply(By.Nobody.DeleteRange(
            new DeleteRangeRequest { Key = Bytes(key), RangeEnd = Bytes(end), Condition = condition })));

    public CommandResult Compact(long revision) => Apply(By.Nobody.Compact(revision));

    public string? Get(string key) =>
        State.TryGet(Bytes(key), out var item) ? Encoding.UTF8.GetString(item.Value.Span) : null;

    public RangeResponse Range(string key, string end = "", long revision = 0, long limit = 0) =>
        State.Range(new RangeRequest { Key = Bytes(key), RangeEnd = Bytes(end), Revision = revision, Limit = limit });

    public bool Flush()
    {
        if (!State.TryFreeze(out var frozen))
        {
            return false;
        }

        State.Flush(frozen);
        return true;
    }

    /// <summary>Loses what is not flushed, as a crash does, and replays it from the log.</summary>
    public void Restart()
    {
        State.Dispose();
        _directory.Dispose();
        _directory = _open();
        State = StateMachine.Open(_directory, _options);
        foreach (var (index, term, command) in Log.Where(entry => entry.Index > State.Applied.Index).ToList())
        {
            ApplyWhole(index, term, command);
        }

        State.Publish();
    }

    public void Dispose()
    {
        State.Dispose();
        _directory.Dispose();
    }
}
