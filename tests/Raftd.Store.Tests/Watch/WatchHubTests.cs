using System.Text;
using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Watch;
using Raftd.Store.Tests.Mvcc;
using Raftd.Testing;
using Raftd.Testing.Clocks;

namespace Raftd.Store.Tests.Watch;

/// <summary>Watches on a real state: what each brings, against all that was ever published.</summary>
public sealed partial class WatchHubTests(ITestOutputHelper output)
{
    [Fact]
    public void Watch_FromNow_BringsOneMessageForEachRevision()
    {
        using var hub = new Hub();
        var session = hub.Session();
        session.Create(new WatchRequest { Key = "a"u8.ToArray(), RangeEnd = "c"u8.ToArray() });
        Assert.Equal((WatchMessageKind.Created, 0, 1), Head(hub.Next(session)));

        hub.Store.Put("a", "1");
        hub.Store.Put("b", "2");
        hub.Store.Put("c", "3");
        hub.Store.Apply(By.Nobody.DeleteRange(new DeleteRangeRequest { Key = "a"u8.ToArray(), RangeEnd = "\0"u8.ToArray() }));

        Assert.Equal("2: a=1", Text(hub.Next(session)));
        Assert.Equal("3: b=2", Text(hub.Next(session)));
        Assert.Equal("5: -a -b", Text(hub.Next(session)));
        Assert.False(hub.TryNext(session, out _));
    }

    [Fact]
    public void Watch_WithPreviousAndFilters_BringsWhatWasReplacedAndWhatWasAskedFor()
    {
        using var hub = new Hub();
        var session = hub.Session();
        var everything = new WatchRequest { Key = "\0"u8.ToArray(), RangeEnd = "\0"u8.ToArray() };
        session.Create(everything with { WithPrevious = true, WithoutPuts = true });
        session.Create(everything with { WithPrevious = true, WithoutDeletes = true });
        hub.Next(session);
        hub.Next(session);

        hub.Store.Put("a", "1");
        hub.Store.Put("a", "2");
        hub.Store.Apply(By.Nobody.DeleteRange(new DeleteRangeRequest { Key = "a"u8.ToArray() }));

        Assert.Equal("2: a=1", Text(hub.Next(session, id: 1)));
        Assert.Equal("3: a=2 (1)", Text(hub.Next(session, id: 1)));
        Assert.Equal("4: -a (2)", Text(hub.Next(session, id: 0)));
        Assert.False(hub.TryNext(session, out _));
    }

    [Fact]
    public void Watch_OfTheFuture_IsSilentUntilThen()
    {
        using var hub = new Hub();
        var session = hub.Session();
        session.Create(new WatchRequest { Key = "a"u8.ToArray(), StartRevision = 4 });
        hub.Next(session);
        session.RequestProgress();
        hub.Store.Put("a", "2");
        hub.Store.Put("a", "3");
        hub.Store.Put("a", "4");

        Assert.Equal("4: a=4", Text(hub.Next(session)));
    }

    [Fact]
    public void Watch_BelowTheCompaction_EndsWithItsRevision_AndKeepsItsNumberUntilItIsCancelled()
    {
        using var hub = new Hub();
        hub.Store.Put("a", "1");
        hub.Store.Put("a", "2");
        hub.Store.Apply(By.Nobody.Compact(3));
        var session = hub.Session();
        session.Create(new WatchRequest { Key = "a"u8.ToArray(), StartRevision = 2, Id = 7 });
        session.Create(new WatchRequest { Key = "a"u8.ToArray(), StartRevision = 3 });
        Assert.Equal((WatchMessageKind.Created, 7, 3), Head(hub.Next(session)));
        var ended = hub.Next(session);
        Assert.Equal((WatchMessageKind.Canceled, 7, 0), Head(ended));
        Assert.Equal((WatchEnd.Compacted, 3), (ended.End, ended.CompactRevision));
        Assert.Equal((WatchMessageKind.Created, 0, 3), Head(hub.Next(session)));
        Assert.Equal("3: a=2", Text(hub.Next(session)));

        session.Create(new WatchRequest { Key = "b"u8.ToArray(), Id = 7 });
        var refused = hub.Next(session);
        Assert.Equal((WatchMessageKind.Canceled, -1, WatchEnd.DuplicateId), (refused.Kind, refused.Id, refused.End));
        session.RequestProgress();
        session.Cancel(7);
        Assert.Equal((WatchEnd.Requested, 7), (hub.Next(session).End, 7));
        session.RequestProgress();
        Assert.Equal((WatchMessageKind.Progress, -1, 3), Head(hub.Next(session)));
    }

    [Fact]
    public void Watch_OfNoKey_IsRefused()
    {
        using var hub = new Hub();
        var session = hub.Session();
        session.Create(new WatchRequest { Key = "b"u8.ToArray(), RangeEnd = "a"u8.ToArray() });
        Assert.Equal(WatchEnd.EmptyRange, hub.Next(session).End);
        session.Create(new WatchRequest { Key = "b"u8.ToArray(), StartRevision = -1 });
        var refused = hub.Next(session);
        Assert.Equal((-1, WatchEnd.Compacted), (refused.Id, refused.End));
        Assert.Equal(0, hub.Watches.Count);
    }

    [Fact]
    public void Watch_Cancelled_BringsNothingMore_AndAnUnknownNumberIsNotAnswered()
    {
        using var hub = new Hub();
        var session = hub.Session();
        session.Create(new WatchRequest { Key = "a"u8.ToArray() });
        hub.Next(session);
        session.Cancel(5);
        session.Cancel(0);
        Assert.Equal((WatchMessageKind.Canceled, 0, 1), Head(hub.Next(session)));
        hub.Store.Put("a", "1");
        Assert.False(hub.TryNext(session, out _));
        Assert.Equal(0, hub.Watches.Count);
    }

    [Fact]
    public void SlowReader_HoldsABoundedNumberOfBytes_AndMissesNothing()
    {
        using var hub = new Hub(new WatchOptions { MaxSessionBytes = 10_000, MaxMessageBytes = 1_000 });
        var slow = hub.Session();
        var fast = hub.Session();
        slow.Create(new WatchRequest { Key = "a"u8.ToArray() });
        fast.Create(new WatchRequest { Key = "a"u8.ToArray() });
        hub.Next(slow);
        hub.Next(fast);
        for (var i = 0; i < 1_000; i++)
        {
            hub.Store.Put("a", $"value {i}");
            Assert.Equal($"{i + 2}: a=value {i}", Text(hub.Next(fast)));
            Assert.InRange(hub.Watches.QueuedBytes, 0, 12_000);
        }

        var values = new List<string>();
        while (hub.TryNext(slow, out var message))
        {
            values.AddRange(message.Events.Select(static e => Encoding.UTF8.GetString(e.Key.Value.Span)));
        }

        Assert.Equal(Enumerable.Range(0, 1_000).Select(static i => $"value {i}").ToList(), values);
        Assert.Equal(0, hub.Watches.QueuedBytes);
    }

    /// <summary>What it has passed without an event it has passed: only what comes behind it is read from history.</summary>
    [Fact]
    public void Watch_ThatKeptUp_OutlivesAGap_BehindACompactionOfWhatItHasPassed()
    {
        using var hub = new Hub();
        var session = hub.Session();
        session.Create(new WatchRequest { Key = "a"u8.ToArray() });
        hub.Next(session);
        for (var i = 0; i < 10; i++)
        {
            hub.Store.Put("b", $"{i}");
        }

        hub.Run();
        hub.Store.Apply(By.Nobody.Compact(hub.Store.Revision));
        hub.Watches.OnReplaced();
        hub.Store.Put("a", "1");

        Assert.Equal("12: a=1", Text(hub.Next(session)));
    }

    [Fact]
    public void Progress_WhileAWatchWaitsForItsReader_IsNotAheadOfIt()
    {
        using var hub = new Hub(new WatchOptions { MaxSessionBytes = 400, MaxMessageBytes = 400 });
        var session = hub.Session();
        session.Create(new WatchRequest { Key = "a"u8.ToArray() });
        hub.Next(session);
        for (var i = 0; i < 20; i++)
        {
            hub.Store.Put("a", $"{i}");
        }

        hub.Run();
        session.RequestProgress();
        var seen = 1L;
        while (hub.TryNext(session, out var message))
        {
            Assert.True(message.Kind == WatchMessageKind.Events || message.Revision <= seen, $"{message.Revision} is told after {seen}");
            seen = message.Events.Count > 0 ? message.Events[^1].Key.ModRevision : seen;
        }

        Assert.Equal(21, seen);
        session.RequestProgress();
        Assert.Equal((WatchMessageKind.Progress, -1, 21), Head(hub.Next(session)));
    }

    [Fact]
    public async Task Reader_WhoAsksOnAndReadsNothing_IsEnded()
    {
        using var hub = new Hub();
        var session = hub.Session();
        for (var i = 0; i < 20_000; i++)
        {
            session.Create(new WatchRequest { Key = "a"u8.ToArray() });
        }

        hub.Run();
        var ended = await Assert.ThrowsAsync<StoreException>(async () =>
        {
            while (true)
            {
                await session.ReadAsync(TestContext.Current.CancellationToken);
            }
        });
        Assert.Equal(ErrorCode.TooManyRequests, ended.Code);
    }

    [Fact]
    public async Task Sessions_WhenTheHubEnds_EndWithIt()
    {
        using var hub = new Hub();
        var session = hub.Session();
        hub.Watches.Dispose();
        var ended = await Assert.ThrowsAsync<StoreException>(
            () => session.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(ErrorCode.NotReady, ended.Code);
        Assert.Throws<StoreException>(hub.Session);
    }

    [Fact]
    public void Progress_IsToldOnceInItsInterval_WhereNothingWasBrought()
    {
        var time = new ManualTime();
        using var hub = new Hub(new WatchOptions { ProgressInterval = TimeSpan.FromSeconds(10) }, time);
        var session = hub.Session();
        session.Create(new WatchRequest { Key = "a"u8.ToArray(), WithProgress = true });
        hub.Next(session);
        hub.Store.Put("b", "1");
        time.Advance(TimeSpan.FromSeconds(11));
        hub.Watches.Tick();
        Assert.Equal((WatchMessageKind.Progress, 0, 1), Head(hub.Next(session)));
        hub.Store.Put("a", "1");
        Assert.Equal("3: a=1", Text(hub.Next(session)));
        time.Advance(TimeSpan.FromSeconds(11));
        hub.Watches.Tick();
        Assert.False(hub.TryNext(session, out _), "something was brought in this interval");
        time.Advance(TimeSpan.FromSeconds(11));
        hub.Watches.Tick();
        Assert.Equal((WatchMessageKind.Progress, 0, 3), Head(hub.Next(session)));
    }

    [Fact]
    public void Ranges_FoundByKey_AreThoseThatHoldIt()
    {
        var random = new Random(5);
        var index = new RangeIndex<string>();
        var ranges = new Dictionary<string, (byte[] Low, byte[] End)>(StringComparer.Ordinal);
        for (var step = 0; step < 5_000; step++)
        {
            var (low, end) = (Bytes(random), random.Next(8) == 0 ? [0] : random.Next(3) == 0 ? [] : Bytes(random));
            var name = $"{Convert.ToHexString(low)}-{Convert.ToHexString(end)}";
            if (ranges.Remove(name))
            {
                index.Remove(low, end);
            }
            else if (end.Length == 0 || end is [0] || low.AsSpan().SequenceCompareTo(end) < 0)
            {
                ranges.Add(name, (low, end));
                index.Add(low, end, name);
            }

            var key = Bytes(random);
            var found = new List<string>();
            index.Collect(key, found);
            Assert.Equal(
                ranges.Where(range => Holds(range.Value, key)).Select(static range => range.Key).Order(StringComparer.Ordinal).ToList(),
                found.Order(StringComparer.Ordinal).ToList());
        }

        Assert.True(ranges.Count > 100, $"{ranges.Count} ranges");
    }

    private static bool Holds((byte[] Low, byte[] End) range, byte[] key) =>
        key.AsSpan().SequenceCompareTo(range.Low) >= 0 && new KeyRange(range.Low, range.End).IsBeforeEnd(key);

    private static byte[] Bytes(Random random)
    {
        var bytes = new byte[random.Next(1, 3)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static (WatchMessageKind Kind, long Id, long Revision) Head(WatchMessage message) =>
        (message.Kind, message.Id, message.Revision);

    private static string Text(WatchMessage message) => $"{message.Revision}: " + string.Join(' ', message.Events.Select(Text));

    private static string Text(WatchEvent e) =>
        (e.IsDelete ? $"-{Text(e.Key.Key)}" : $"{Text(e.Key.Key)}={Text(e.Key.Value)}")
        + (e.Previous is { } previous ? $" ({Text(previous.Value)})" : "");

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    /// <summary>A state with a hub that runs when it is told to.</summary>
    private sealed class Hub : IDisposable
    {
        public Hub(WatchOptions? options = null, TimeProvider? time = null)
        {
            Watches = new WatchHub(Store.State, options ?? new WatchOptions(), time ?? TimeProvider.System);
            Store.State.Observe(Watches);
        }

        public TestStore Store { get; } = new();

        public WatchHub Watches { get; }

        public WatchSession Session() => Watches.Open();

        public void Run()
        {
            while (Watches.Step())
            {
            }
        }

        public bool TryNext(WatchSession session, out WatchMessage message)
        {
            Run();
            return session.TryRead(out message);
        }

        public WatchMessage Next(WatchSession session, long? id = null)
        {
            Assert.True(TryNext(session, out var message), "there is no message");
            Assert.True(id is null || message.Id == id, $"the message is of watch {message.Id}");
            return message;
        }

        public void Dispose()
        {
            Watches.Dispose();
            Store.Dispose();
        }
    }
}
