using System.Globalization;

namespace Raftd.Api.Tests.Behaviours;

// Random writes and compactions, and a reader that is cut off anywhere and comes back with its last id.
public abstract partial class WatchBehaviours
{
    private const int Steps = 400;

    [Fact]
    public async Task Reader_CutOffAnywhere_HasFoldedTheStore_WithNothingLostOrRepeated()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var store = new RandomStore(this, random);
        var fold = new Fold(store);
        EventReader? reader = null;
        try
        {
            for (var step = 0; step < Steps; step++)
            {
                switch (random.Next(10))
                {
                    case < 5:
                        store.Write();
                        break;
                    case 5 when random.Next(2) == 0:
                        await store.CompactAsync();
                        break;
                    case 6 when reader is not null && random.Next(2) == 0:
                        reader.Dispose();
                        reader = await ComeBackAsync(null, fold);
                        break;
                    case 6 or 7:
                        reader = await ComeBackAsync(reader, fold);
                        break;
                    default:
                        for (var count = random.Next(12); reader is not null && count > 0 && fold.MayExpectMore; count--)
                        {
                            reader = await TakeAsync(reader, fold);
                        }

                        break;
                }
            }

            reader ??= await ComeBackAsync(reader, fold);
            while (fold.MayExpectMore)
            {
                reader = await TakeAsync(reader, fold);
            }

            Assert.Equal(store.StateAt(long.MaxValue), fold.State);
            Assert.Equal(fold.State, store.Listed());
            Console.WriteLine(
                $"seed {seed}: {fold.Cuts} cuts, {fold.CutsInInitialState} of them in an initial state and {fold.CutsInRevision} inside a "
                + $"revision, {fold.Resets} resets, {fold.Changes} changes");
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"seed {seed}, behind {reader?.LastEventId}: {failure.Message}", failure);
        }
        finally
        {
            reader?.Dispose();
            Done("DELETE", "/key/watch-random/?prefix=1");
        }
    }

    private async Task<EventReader> ComeBackAsync(EventReader? reader, Fold fold)
    {
        reader?.Dispose();
        var next = await OpenAsync(RandomStore.Watch, reader?.LastEventId);
        Assert.Equal(200, next.Status);
        fold.ComeBack(next.LastEventId);
        return next;
    }

    /// <summary>A stream whose next large value was compacted away has ended between two events.</summary>
    private async Task<EventReader> TakeAsync(EventReader reader, Fold fold)
    {
        var told = await reader.NextOrEndAsync();
        if (told is null)
        {
            return await ComeBackAsync(reader, fold);
        }

        fold.Take(told);
        return reader;
    }

    /// <summary>What is in the store, as its answers say it.</summary>
    private sealed class RandomStore(WatchBehaviours asked, Random random)
    {
        public const string Watch = "/watch/watch-random/?prefix=1&initial=1";

        private const int Keys = 12;

        /// <summary>In order; a null value is a deletion.</summary>
        public List<(long Revision, long Place, string Key, string? Value)> Changes { get; } = [];

        public long CompactRevision { get; private set; }

        public SortedDictionary<string, string> StateAt(long revision)
        {
            var state = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var (_, _, key, value) in Changes.TakeWhile(change => change.Revision <= revision))
            {
                Fold.Apply(state, key, value);
            }

            return state;
        }

        public SortedDictionary<string, string> Listed() => new(
            asked.Json("/keys?prefix=watch-random/").GetProperty("items").EnumerateArray().ToDictionary(
                static item => item.GetProperty("key").GetString()!, static item => item.GetProperty("value").GetString()!, StringComparer.Ordinal),
            StringComparer.Ordinal);

        public void Write()
        {
            var keys = Enumerable.Range(0, Keys).Select(static i => $"watch-random/{i}").ToArray();
            random.Shuffle(keys);
            var picked = keys[..random.Next(1, 6)];
            if (random.Next(8) == 0)
            {
                var gone = StateAt(long.MaxValue).Keys.Where(static key => key.StartsWith("watch-random/1", StringComparison.Ordinal)).ToArray();
                Note(asked.Done("DELETE", "/key/watch-random/1?prefix=1"), gone.Select(static key => (key, (string?)null)));
                return;
            }

            // A deletion of a key that is not there changes nothing; the first key is put, so there is a change.
            var now = StateAt(long.MaxValue);
            var changes = picked.Select((key, i) => (Key: key, Value: i > 0 && random.Next(3) == 0 ? null : Value())).ToArray();
            var operations = changes.Select(static change => change.Value is null
                ? $$"""{"delete":"{{change.Key}}"}"""
                : $$"""{"put":"{{change.Key}}","value":"{{change.Value}}"}""");
            Note(
                asked.Done("POST", "/txn", $$"""{"then":[{{string.Join(',', operations)}}]}"""),
                changes.Where(change => change.Value is not null || now.ContainsKey(change.Key)));
        }

        public async Task CompactAsync()
        {
            var first = Math.Max(CompactRevision + 1, Changes.FirstOrDefault().Revision);
            if (Changes.Count > 0 && first <= Changes[^1].Revision)
            {
                CompactRevision = random.NextInt64(first, Changes[^1].Revision + 1);
                await asked.CompactEverywhereAsync(CompactRevision);
            }
        }

        private string Value() => random.Next(20) == 0
            ? new string((char)('a' + random.Next(26)), random.Next(1, 30_000))
            : random.Next().ToString(CultureInfo.InvariantCulture);

        private void Note(RawAnswer answer, IEnumerable<(string Key, string? Value)> changes) =>
            Changes.AddRange(changes.Select((change, place) => (Revision(answer), (long)place, change.Key, change.Value)));
    }

    /// <summary>What a client makes of the events, each held against what is in the store.</summary>
    private sealed class Fold(RandomStore store)
    {
        private bool _isInitial = true;
        private bool _expectsReset;
        private long? _initialRevision;
        private (long Revision, long Place) _at;

        public SortedDictionary<string, string> State { get; } = new(StringComparer.Ordinal);

        public int Cuts { get; private set; }

        public int CutsInInitialState { get; private set; }

        public int CutsInRevision { get; private set; }

        public int Resets { get; private set; }

        public int Changes { get; private set; }

        /// <summary>An event is there, or on its way.</summary>
        public bool MayExpectMore => _isInitial || _expectsReset || NextAt() < store.Changes.Count;

        public static void Apply(SortedDictionary<string, string> state, string key, string? value)
        {
            if (value is null)
            {
                state.Remove(key);
            }
            else
            {
                state[key] = value;
            }
        }

        public void ComeBack(string? id)
        {
            Cuts++;
            if (id is null)
            {
                Begin();
                return;
            }

            CutsInInitialState += id[0] == 's' ? 1 : 0;
            var digits = id.TrimStart('s').Split('.', ':')[0];
            var from = long.Parse(digits, CultureInfo.InvariantCulture) + (id.EndsWith($".{All}", StringComparison.Ordinal) ? 1 : 0);
            CutsInRevision += NextAt() < store.Changes.Count && store.Changes[NextAt()].Revision == _at.Revision ? 1 : 0;
            _expectsReset = from < store.CompactRevision;
        }

        public void Take(ServerEvent told)
        {
            if (told.Name == "reset")
            {
                Resets++;
                Begin();
            }
            else if (_expectsReset)
            {
                Assert.Fail($"{told.Name} in the place of a reset");
            }
            else if (told.Name == "snapshot-end")
            {
                EndInitialState(long.Parse(told.Json.GetProperty("revision").GetString()!, CultureInfo.InvariantCulture));
            }
            else if (told.Id![0] == 's')
            {
                TakeInitial(told);
            }
            else
            {
                TakeChange(told);
            }
        }

        private void Begin()
        {
            (_isInitial, _expectsReset, _initialRevision) = (true, false, null);
            State.Clear();
        }

        private void TakeInitial(ServerEvent told)
        {
            Assert.True(_isInitial, $"{told.Id} behind the end of the initial state");
            var revision = long.Parse(told.Id![1..told.Id!.IndexOf(':', StringComparison.Ordinal)], CultureInfo.InvariantCulture);
            Assert.Equal(_initialRevision ??= revision, revision);
            Assert.True(State.Count == 0 || StringComparer.Ordinal.Compare(State.Keys.Last(), told.Key) < 0, $"{told.Id} is repeated");
            State.Add(told.Key!, told.Value!);
        }

        private void EndInitialState(long revision)
        {
            Assert.True(_isInitial, "an initial state ends twice");
            Assert.Equal(_initialRevision ?? revision, revision);
            Assert.Equal(store.StateAt(revision), State);
            _isInitial = false;
            _at = (revision, long.MaxValue);
        }

        private void TakeChange(ServerEvent told)
        {
            Assert.False(_isInitial, $"{told.Id} in the initial state");
            var (revision, place, key, value) = store.Changes[NextAt()];
            Assert.Equal(($"{revision}.{place}", key, value), (told.Id, told.Key, told.Value));
            Assert.Equal(value is null ? "delete" : "put", told.Name);
            Apply(State, key, value);
            _at = (revision, place);
            Changes++;
        }

        private int NextAt()
        {
            var at = store.Changes.FindIndex(change => (change.Revision, change.Place).CompareTo(_at) > 0);
            return at < 0 ? store.Changes.Count : at;
        }
    }
}
