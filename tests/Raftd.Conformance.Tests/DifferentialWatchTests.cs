// Random watches over random writes, on etcd and on raftd: each watch must bring the same events on both.
//
// What a watch must bring is known: one of them, the reference, watches everything from the beginning, so the events of any
// other are those of the reference in its range, from its start on, that its filters let pass. Only the versions before are
// held against each other and not against the reference, because a compaction takes them.
//
// A server may have brought a watch to the newest revision or not when a compaction or a cancellation comes, and then the
// watch ends earlier or later. So before each of these all watches are waited for.

using Google.Protobuf;
using Raftd.Api.Wire;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;

namespace Raftd.Conformance.Tests;

public sealed class DifferentialWatchTests(ITestOutputHelper output)
{
    private const int MaxWatches = 40;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly ByteString Marker = ByteString.CopyFromUtf8("marker");

    /// <summary>By number; those that have ended are not among them.</summary>
    private readonly SortedDictionary<long, WatchCreateRequest> _watches = [];

    private static int Seed => TwoServers.Seed;

    [Theory]
    [InlineData(Deployment.OneMember)]
    [InlineData(Deployment.PostgresFronts, Traits = new[] { "Database", "postgres" })]
    [InlineData(Deployment.MariaDbFronts, Traits = new[] { "Database", "mysql" })]
    public async Task RandomWatches_BringWhatTheyBringOnEtcd(Deployment deployment)
    {
        await using var servers = await TwoServers.StartAsync(deployment);
        using var both = await Pair.OpenAsync(servers.Etcd, servers.Raftd);

        // Each settles with its watches now and then, which takes etcd a tenth of a second.
        var count = TwoServers.RequestsTo(deployment) / 10;
        output.WriteLine($"seed {Seed}, {count} requests");
        var random = new Random(Seed);
        var requests = new RandomRequests(random);
        for (var sent = 0; sent < count; sent++)
        {
            var call = requests.Next();
            if (call.Request is CompactionRequest)
            {
                await SettleAsync(both);
            }

            requests.Revision = Math.Max(requests.Revision, await both.CallAsync(call));
            switch (random.Next(16))
            {
                case 0 or 1 when _watches.Count < MaxWatches:
                    await CreateAsync(both, requests.Watch());
                    break;
                case 2 when _watches.Count > 0:
                    await SettleAsync(both);
                    await CancelAsync(both, _watches.Keys.ElementAt(random.Next(_watches.Count)));
                    break;
                default:
                    break;
            }
        }

        await SettleAsync(both);
        output.WriteLine($"{both.Events} events of {both.Sent} creations and cancellations, revision {requests.Revision}");
        Assert.True(both.Events > count / 2, $"only {both.Events} events");
    }

    private async Task CreateAsync(Pair both, WatchCreateRequest request)
    {
        var isCompacted = request.StartRevision > 0 && request.StartRevision < both.Compacted;
        if (await both.CreateAsync(request, isCompacted) is { } id)
        {
            _watches[id] = request;
        }
    }

    private async Task CancelAsync(Pair both, long id)
    {
        _watches.Remove(id);
        await both.CancelAsync(id);
    }

    /// <summary>Waits until both have brought each watch all that it must bring.</summary>
    private async Task SettleAsync(Pair both)
    {
        var newest = await both.CallAsync(RandomRequests.PutOf(Marker));
        await Until.TrueAsync("both have brought the newest revision", Limit, () => both.HaveBrought(newest));
        foreach (var (id, request) in _watches)
        {
            var expected = both.Reference.Where(change => Wants(request, change)).ToList();
            try
            {
                await Until.TrueAsync($"watch {id} has brought its events", Limit, () => both.DifferenceOf(id, expected) is null);
            }
            catch (TimeoutException)
            {
                Assert.Fail($"seed {Seed}, watch {id} {request}: {both.DifferenceOf(id, expected)}");
            }
        }
    }

    private static bool Wants(WatchCreateRequest request, Seen change) =>
        change.Revision >= request.StartRevision
        && Holds(request.Key.IsEmpty ? ByteString.CopyFrom(0) : request.Key, request.RangeEnd, change.Key)
        && !request.Filters.Contains(change.IsDelete ? WatchCreateRequest.Types.FilterType.Nodelete : WatchCreateRequest.Types.FilterType.Noput);

    private static bool Holds(ByteString low, ByteString end, ByteString key) =>
        end.IsEmpty ? key == low
        : key.Span.SequenceCompareTo(low.Span) >= 0 && (end.Span.SequenceEqual([(byte)0]) || key.Span.SequenceCompareTo(end.Span) < 0);

    /// <summary>The same stream at both servers, and what is sent on it.</summary>
    private sealed class Pair : IDisposable
    {
        private const long ReferenceId = 0;

        private static readonly Call Read = RandomRequests.RangeOf(Marker);

        private readonly GrpcPeer _one;
        private readonly IReadOnlyList<GrpcPeer> _others;
        private readonly WatchPeer _etcd;
        private readonly WatchPeer _raftd;

        private Pair(GrpcPeer one, IReadOnlyList<GrpcPeer> others, WatchPeer etcd, WatchPeer raftd) =>
            (_one, _others, _etcd, _raftd) = (one, others, etcd, raftd);

        private int _calls;

        public int Sent { get; private set; }

        /// <summary>The revision of the last compaction.</summary>
        public long Compacted { get; private set; }

        public IReadOnlyList<Seen> Reference => _raftd.Events(ReferenceId);

        /// <summary>That raftd has brought.</summary>
        public int Events => _raftd.Brought;

        /// <param name="one">etcd.</param>
        /// <param name="others">Of raftd: the last one is watched, and all are written to.</param>
        public static async Task<Pair> OpenAsync(GrpcPeer one, IReadOnlyList<GrpcPeer> others)
        {
            var all = new WatchRequest
            {
                CreateRequest = new WatchCreateRequest { Key = ByteString.CopyFrom(0), RangeEnd = ByteString.CopyFrom(0), PrevKv = true, StartRevision = 1 },
            };
            var pair = new Pair(one, others, await WatchPeer.OpenAsync(one, all), await WatchPeer.OpenAsync(others[^1], all));
            await pair.AnsweredAsync(1);
            return pair;
        }

        /// <returns>The revision of the answer, which is the same on both.</returns>
        public async Task<long> CallAsync(Call call)
        {
            var etcd = await _one.CallAsync(call.Path, call.Request, call.Answers);
            var raftd = await _others[_calls++ % _others.Count].CallAsync(call.Path, call.Request, call.Answers);
            Assert.True(etcd.Code == raftd.Code, $"{call}: etcd {etcd.Code} {etcd.Message}, raftd {raftd.Code} {raftd.Message}");
            if (etcd.Code == 0 && call.Request is CompactionRequest compaction)
            {
                Compacted = compaction.Revision;
            }

            return DifferentialTests.RevisionOf(raftd.Response);
        }

        /// <param name="request">Where it starts is filled in, if it says "now".</param>
        /// <param name="isCompacted">The watch ends at once, with a second answer.</param>
        /// <returns>The number of the watch; null where there is none.</returns>
        public async Task<long?> CreateAsync(WatchCreateRequest request, bool isCompacted)
        {
            // "Now" is behind all that was read there before: elsewhere it may be a moment ago.
            await _others[^1].CallAsync(Read.Path, Read.Request, Read.Answers);
            var answered = _raftd.Answered;
            await SendAsync(new WatchRequest { CreateRequest = request });
            await AnsweredAsync(answered + 1);
            var created = _raftd.LastCreated!;
            if (created.Canceled)
            {
                return null;
            }

            if (isCompacted)
            {
                await AnsweredAsync(answered + 2);
                return null;
            }

            if (request.StartRevision == 0)
            {
                request.StartRevision = created.Header.Revision + 1;
            }

            return created.WatchId;
        }

        public async Task CancelAsync(long id)
        {
            var answered = _raftd.Answered;
            await SendAsync(new WatchRequest { CancelRequest = new WatchCancelRequest { WatchId = id } });
            await AnsweredAsync(answered + 1);
        }

        public bool HaveBrought(long revision) =>
            _etcd.Events(ReferenceId) is [.., { } one] && one.Revision == revision
            && _raftd.Events(ReferenceId) is [.., { } other] && other.Revision == revision;

        /// <summary>Null where both have brought what is expected.</summary>
        public string? DifferenceOf(long id, List<Seen> expected)
        {
            var (etcd, raftd) = (_etcd.Events(id), _raftd.Events(id));
            for (var at = 0; at < Math.Max(expected.Count, Math.Max(etcd.Count, raftd.Count)); at++)
            {
                var (wanted, one, other) = (expected.ElementAtOrDefault(at), etcd.ElementAtOrDefault(at), raftd.ElementAtOrDefault(at));
                if (wanted?.Text != one?.Text || one != other)
                {
                    return $"event {at} of {expected.Count}\nexpected: {wanted}\netcd:     {one}\nraftd:    {other}";
                }
            }

            return null;
        }

        public void Dispose()
        {
            _etcd.Dispose();
            _raftd.Dispose();
        }

        private async Task SendAsync(WatchRequest request)
        {
            Sent++;
            await _etcd.SendAsync(request);
            await _raftd.SendAsync(request);
        }

        private async Task AnsweredAsync(int answered)
        {
            // One of them may be an answer ahead: a watch that begins in what is compacted has two, with a pause between.
            try
            {
                await Until.TrueAsync(
                    $"{answered} answers of both", Limit, () => _raftd.Answered >= answered && _etcd.Said() == _raftd.Said());
            }
            catch (TimeoutException)
            {
                Assert.Equal(_etcd.Said(), _raftd.Said());
                throw;
            }
        }
    }
}
