using System.Text;
using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Views;
using Raftd.State.Watch;
using Raftd.Store.Tests.Mvcc;
using Raftd.Testing;

namespace Raftd.Store.Tests.Watch;

// The random test: a run of the hub under all that can happen to it, held against what each watch must bring.
public sealed partial class WatchHubTests
{
    private const int Keys = 8;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(0)]
    public void RandomWatches_UnderWritesCompactionsGapsAndSlowReaders_BringEachChangeOnceAndInOrder(int seed)
    {
        seed = seed != 0 ? seed : Environment.TickCount & 0xFFFFF;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var run = new Run(random, new WatchOptions
        {
            MaxPublishedBytes = 2_000,
            MaxSessionBytes = 1_500,
            MaxQueuedBytes = 4_000,
            LeastSessionBytes = 200,
            MaxMessageBytes = 400,
        });
        for (var step = 0; step < 4_000; step++)
        {
            run.Act();
        }

        run.Settle();
        output.WriteLine(run.Summary);
        Assert.True(run.Compacted > 0, "no watch was overtaken by a compaction");
        Assert.True(run.Large > 0, "no revision came in pieces");
        Assert.True(run.Brought > 1_000, $"only {run.Brought} events");
    }

    /// <summary>What one watch must bring, and what it has brought.</summary>
    private sealed class Expected(WatchRequest request, long created)
    {
        public WatchRequest Request => request;

        public long Start { get; } = request.StartRevision != 0 ? request.StartRevision : created + 1;

        public List<(Revision Revision, string Text)> Got { get; } = [];

        public long LastMain { get; set; }

        public long? CompactedAt { get; set; }

        public bool IsCancelled { get; set; }

        /// <summary>A large revision was compacted before its reader came to it: nothing is read of the watch after that.</summary>
        public bool IsCutOff { get; set; }
    }

    private sealed class Run : IStateObserver, IDisposable
    {
        private readonly Random _random;
        private readonly TestStore _store = new();
        private readonly WatchHub _hub;
        private readonly List<RevisionRecord> _all = [];
        private readonly List<(WatchSession Session, Dictionary<long, Expected> Watches)> _sessions = [];
        private readonly Dictionary<WatchSession, Queue<WatchRequest>> _asked = [];

        public Run(Random random, WatchOptions options)
        {
            _random = random;
            _hub = new WatchHub(_store.State, options, TimeProvider.System);
            _store.State.Observe(this);
            _store.State.Observe(_hub);
        }

        public int Compacted { get; private set; }

        public int Large { get; private set; }

        public int Brought { get; private set; }

        public string Summary =>
            $"{_sessions.Sum(static session => session.Watches.Count)} watches, {Brought} events, {Large} large revisions, "
            + $"{Compacted} overtaken by a compaction, revision {_store.Revision}";

        public void OnPublished(PublishedChanges changes) => _all.AddRange(changes.Keys);

        public void OnReplaced()
        {
        }

        public void Act()
        {
            switch (_random.Next(24))
            {
                case < 8:
                    _store.Put(Key(), new string('v', _random.Next(120)));
                    break;
                case 8:
                    _store.Apply(By.Nobody.DeleteRange(new DeleteRangeRequest { Key = Bytes(Key()), RangeEnd = Bytes(Key()) }));
                    break;
                case 9 or 10:
                    _store.Apply(By.Nobody.Txn(Many()));
                    break;
                case 11 when _random.Next(12) == 0:
                    _store.Apply(By.Nobody.Compact(_store.Revision - _random.Next(20, 120)));
                    break;
                case 12 when _random.Next(4) == 0:
                    _hub.OnReplaced();
                    break;
                case 13 when _sessions.Count < 6:
                    _sessions.Add((_hub.Open(), []));
                    _asked.Add(_sessions[^1].Session, new());
                    break;
                case 14 or 15 when _sessions.Count > 0:
                    Create();
                    break;
                case 16 when _sessions.Count > 0 && _random.Next(4) == 0:
                    Cancel();
                    break;
                case 17:
                    _store.Flush();
                    break;
                case < 21:
                    for (var steps = _random.Next(40); steps > 0; steps--)
                    {
                        _hub.Step();
                    }

                    break;
                default:
                    Read(_random.Next(30));
                    break;
            }
        }

        /// <summary>Everything is read; then each watch has brought what it must.</summary>
        public void Settle()
        {
            for (var quiet = 0; quiet < 3;)
            {
                var before = Brought;
                while (_hub.Step())
                {
                }

                Read(int.MaxValue);
                quiet = Brought == before ? quiet + 1 : 0;
            }

            foreach (var watch in _sessions.SelectMany(static session => session.Watches.Values))
            {
                Require(watch);
            }
        }

        public void Dispose()
        {
            _hub.Dispose();
            _store.Dispose();
        }

        private void Require(Expected watch)
        {
            var wanted = _all
                .Where(change => change.Revision.Main >= watch.Start && Wants(watch.Request, change))
                .Select(static change => (change.Revision, Text: Shown(change)))
                .ToList();
            if (watch.CompactedAt is { } floor)
            {
                Assert.True(watch.Start < floor || watch.Got.Count < wanted.Count, "nothing of it was compacted");
                wanted = wanted[..watch.Got.Count];
            }
            else if (watch.IsCancelled)
            {
                wanted = wanted[..watch.Got.Count];
            }

            Assert.Equal([.. wanted.Select(static change => change.Text)], (string[])[.. watch.Got.Select(static change => change.Text)]);
        }

        private void Read(int most)
        {
            foreach (var (session, watches) in _sessions)
            {
                for (var left = most; left > 0 && session.TryRead(out var message); left--)
                {
                    Take(session, watches, message);
                }
            }
        }

        private void Take(WatchSession session, Dictionary<long, Expected> watches, WatchMessage message)
        {
            switch (message.Kind)
            {
                case WatchMessageKind.Created:
                    watches.Add(message.Id, new Expected(_asked[session].Dequeue(), message.Revision));
                    break;
                case WatchMessageKind.Canceled when message.Id == -1:
                    Assert.Equal(WatchEnd.EmptyRange, message.End);
                    _asked[session].Dequeue();
                    break;
                case WatchMessageKind.Canceled when message.End == WatchEnd.Compacted:
                    watches[message.Id].CompactedAt = message.CompactRevision;
                    Compacted++;
                    break;
                case WatchMessageKind.Canceled:
                    watches[message.Id].IsCancelled = true;
                    break;
                case WatchMessageKind.Events:
                    Take(watches[message.Id], message);
                    break;
                case WatchMessageKind.Progress:
                default:
                    Assert.Fail($"nobody asked for {message.Kind}");
                    break;
            }
        }

        private void Take(Expected watch, WatchMessage message)
        {
            Assert.True(watch.CompactedAt is null || watch.IsCutOff);
            Assert.False(watch.IsCancelled);
            if (!watch.IsCutOff && TryRead(watch, message) is { } events)
            {
                events.ForEach(e => Take(watch, e));
                Assert.Equal(events.Count, events.Select(static e => (e.Key.ModRevision, Shown(e))).Distinct().Count());
                Assert.True(message.Revision >= events[^1].Key.ModRevision, $"a message of revision {message.Revision} holds newer events");
                watch.LastMain = events[^1].Key.ModRevision;
            }
        }

        /// <returns>Null for a large revision that was compacted before it was read; the watch's client would begin again.</returns>
        private List<WatchEvent>? TryRead(Expected watch, WatchMessage message)
        {
            if (message.Large is not { } large)
            {
                return [.. message.Events];
            }

            Large++;
            try
            {
                var pieces = large.Read().ToList();
                Assert.All(pieces, static piece => Assert.NotEmpty(piece));
                Assert.Single(pieces.SelectMany(static piece => piece).Select(static e => e.Key.ModRevision).Distinct());
                return [.. pieces.SelectMany(static piece => piece)];
            }
            catch (StoreException e) when (e.Code == ErrorCode.Compacted)
            {
                watch.CompactedAt = _store.State.View().CompactRevision;
                watch.IsCutOff = true;
                return null;
            }
        }

        private void Take(Expected watch, WatchEvent e)
        {
            Assert.True(e.Key.ModRevision > watch.LastMain, $"revision {e.Key.ModRevision} again");
            RequirePrevious(watch, e);
            watch.Got.Add((new Revision(e.Key.ModRevision, 0), Shown(e)));
            Brought++;
        }

        private void RequirePrevious(Expected watch, WatchEvent e)
        {
            var before = _all.FindLast(change =>
                change.Revision.Main < e.Key.ModRevision && change.Key.AsSpan().SequenceEqual(e.Key.Key.Span));
            var isCreation = e is { IsDelete: false, Key.Version: 1 };
            if (!watch.Request.WithPrevious || isCreation || before is null or { IsTombstone: true })
            {
                Assert.Null(e.Previous);
            }
            else if (e.Previous is { } previous)
            {
                Assert.Equal((before.Revision.Main, before.Version), (previous.ModRevision, previous.Version));
                Assert.Equal(before.Value, previous.Value.ToArray());
            }
            else
            {
                Assert.True(e.Key.ModRevision - 1 < _store.State.View().CompactRevision, "the version before is missing");
            }
        }

        private void Create()
        {
            var (session, watches) = _sessions[_random.Next(_sessions.Count)];
            if (watches.Count + _asked[session].Count >= 16)
            {
                return;
            }

            var request = new WatchRequest
            {
                Key = Bytes(Key()),
                RangeEnd = _random.Next(3) switch { 0 => default, 1 => Bytes(Key()), _ => new byte[] { 0 } },
                StartRevision = _random.Next(3) switch { 0 => 0, 1 => Math.Max(1, _store.Revision - _random.Next(60)), _ => _store.Revision + _random.Next(20) },
                WithPrevious = _random.Next(2) == 0,
                WithoutPuts = _random.Next(5) == 0,
                WithoutDeletes = _random.Next(5) == 0,
            };
            _asked[session].Enqueue(request);
            session.Create(request);
        }

        private void Cancel()
        {
            var (session, watches) = _sessions[_random.Next(_sessions.Count)];
            if (watches.Count > 0)
            {
                session.Cancel(watches.Keys.ElementAt(_random.Next(watches.Count)));
            }
        }

        private TxnRequest Many() => new()
        {
            Success =
            [
                .. Enumerable.Range(0, _random.Next(1, Keys)).Select(at => new TxnOperation
                {
                    Put = new PutRequest { Key = Bytes($"k{at}"), Value = Bytes(new string('t', _random.Next(150))) },
                }),
            ],
        };

        private static bool Wants(WatchRequest request, RevisionRecord change) =>
            (change.IsTombstone ? !request.WithoutDeletes : !request.WithoutPuts)
            && Holds((request.Key.ToArray(), request.RangeEnd.ToArray()), change.Key);

        private static string Shown(RevisionRecord change) => change.IsTombstone
            ? $"{change.Revision.Main} -{Text(change.Key)}"
            : $"{change.Revision.Main} {Text(change.Key)}={change.Value.Length} {change.Version} {change.CreateRevision}";

        private static string Shown(WatchEvent e) => e.IsDelete
            ? $"{e.Key.ModRevision} -{Text(e.Key.Key)}"
            : $"{e.Key.ModRevision} {Text(e.Key.Key)}={e.Key.Value.Length} {e.Key.Version} {e.Key.CreateRevision}";

        private string Key() => $"k{_random.Next(Keys)}";

        private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
    }
}
