// Values on their way to slow readers.
//
// The naive way gives each reader its own copy of the value, for as long as it reads: twenty slow readers of 32 MiB hold
// 640 MiB. So a read of a key answers values of up to 4 KiB at once, and of a larger one its length alone:
//
//   1. The range says which version there is. 304, 412, 416 and HEAD end here: they never touch the value.
//   2. The version is looked for here, by key and mod revision, which name its bytes for ever. The first reader counts it
//      against the budget of answers and loads it; the others take part, and cost nothing.
//   3. The last reader that is done lets go of it. Nothing is kept for later: that is what the operating system's page
//      cache is for.
//
// The load asks for the revision of the range before it, and asks this member alone. A compaction between the two may
// have removed the version: then it fails with Compacted, and the caller begins at 1 again.

using Raftd.Api.Http;
using Raftd.Contract;

namespace Raftd.Api;

internal sealed class SharedValues(IKeyValueService keys, ByteBudget budget)
{
    /// <summary>Guards the table and the readers of each value. Nothing is loaded under it.</summary>
    private readonly Lock _lock = new();
    private readonly Dictionary<ValueId, SharedValue> _values = [];

    /// <summary>Readers of all values, for tests.</summary>
    public int ReaderCount
    {
        get
        {
            lock (_lock)
            {
                return _values.Values.Sum(value => value.Readers);
            }
        }
    }

    /// <summary>The value of a version, shared with all who read it now. Dispose of it when it is written.</summary>
    /// <param name="caller">May read the key: that range was its own.</param>
    /// <param name="key">The key.</param>
    /// <param name="version">What a range has said of it.</param>
    /// <param name="revision">The revision at which that range was read.</param>
    /// <exception cref="ApiException">429: the budget is used up.</exception>
    /// <exception cref="StoreException">Compacted: the version is gone; ask for the newest again.</exception>
    public async ValueTask<SharedValue> ReadAsync(Caller caller, byte[] key, KeyValue version, long revision)
    {
        var value = Enter(new ValueId(key, version.ModRevision), version.ValueBytes, out var isFirst);
        try
        {
            if (isFirst)
            {
                await LoadAsync(caller, value, revision);
            }

            await value.Loaded;
            return value;
        }
        catch
        {
            value.Dispose();
            throw;
        }
    }

    private SharedValue Enter(ValueId id, int bytes, out bool isFirst)
    {
        lock (_lock)
        {
            isFirst = !_values.TryGetValue(id, out var value);
            if (isFirst)
            {
                budget.Reserve(bytes);
                value = new SharedValue(this, id, bytes);
                _values.Add(id, value);
            }

            value!.Readers++;
            return value;
        }
    }

    private async ValueTask LoadAsync(Caller caller, SharedValue value, long revision)
    {
        try
        {
            var answer = await keys.RangeAsync(
                caller, new RangeRequest { Key = value.Id.Key, Revision = revision, Level = ReadLevel.Stale }, CancellationToken.None);
            if (answer.Items.Count == 0 || answer.Items[0].ModRevision != value.Id.ModRevision)
            {
                throw new StoreException(ErrorCode.Compacted, $"revision {value.Id.ModRevision} of the key is gone");
            }

            value.Completion.SetResult(answer.Items[0].Value);
        }
        catch (Exception failure)
        {
            // Out of the table first: who comes from now on loads anew.
            lock (_lock)
            {
                _values.Remove(value.Id);
            }

            value.Completion.SetException(failure);
        }
    }

    private void Leave(SharedValue value)
    {
        lock (_lock)
        {
            value.Readers--;
            if (value.Readers > 0)
            {
                return;
            }

            if (_values.TryGetValue(value.Id, out var current) && ReferenceEquals(current, value))
            {
                _values.Remove(value.Id);
            }
        }

        budget.Release(value.CountedBytes);
    }

    /// <summary>A version of a key: its bytes never change.</summary>
    internal readonly struct ValueId(byte[] key, long modRevision) : IEquatable<ValueId>
    {
        public byte[] Key { get; } = key;

        public long ModRevision { get; } = modRevision;

        public bool Equals(ValueId other) =>
            ModRevision == other.ModRevision && Key.AsSpan().SequenceEqual(other.Key);

        public override bool Equals(object? obj) => obj is ValueId other && Equals(other);

        /// <summary>A revision has few keys.</summary>
        public override int GetHashCode() => ModRevision.GetHashCode();
    }

    /// <summary>One value and its readers. Each disposes of it once.</summary>
    internal sealed class SharedValue(SharedValues table, ValueId id, int countedBytes) : IDisposable
    {
        public ValueId Id { get; } = id;

        public int CountedBytes { get; } = countedBytes;

        /// <summary>Under the table's lock.</summary>
        public int Readers { get; set; }

        public TaskCompletionSource<ReadOnlyMemory<byte>> Completion { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<ReadOnlyMemory<byte>> Loaded => Completion.Task;

        public void Dispose() => table.Leave(this);
    }
}
