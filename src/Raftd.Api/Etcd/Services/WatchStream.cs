// One stream of watches. Two loops run side by side, and the stream ends with the first that does:
//
//   ReadClientAsync    messages of the client → calls of the session
//   ReadSessionAsync   what the session says → answers
//
// A client that has sent its last message goes on getting answers. One that asked for a leader gets a third loop, which
// ends the stream some time after this member has lost its leader: others stay open, silent, and go on by themselves.

using System.Threading.Channels;
using Raftd.Api.Etcd.Codecs;
using Raftd.Contract;
using Filter = Raftd.Api.Wire.WatchCreateRequest.Types.FilterType;
using Part = Raftd.Api.Wire.WatchRequest.RequestUnionOneofCase;

namespace Raftd.Api.Etcd.Services;

internal sealed class WatchStream : IDisposable
{
    /// <summary>Of a watch that was never made, and of what is said for all.</summary>
    private const long NoWatch = -1;

    // Creations that the session has not answered; beyond it the client waits.
    private const int MaxUnanswered = 1024;

    // etcd ends such streams after three election timeouts, a second each by default.
    private const int MaxLooksWithoutLeader = 3;
    private static readonly TimeSpan TimeBetweenLooks = TimeSpan.FromSeconds(1);

    private readonly EtcdCall _call;
    private readonly IWatchSession _session;
    private readonly SemaphoreSlim _writing = new(1);

    /// <summary>Whether the client takes fragments, for each creation under way; the session answers them in their order.</summary>
    private readonly Channel<bool> _created = Channel.CreateBounded<bool>(MaxUnanswered);

    /// <summary>Watches whose client takes fragments. The loop of answers alone has it.</summary>
    private readonly HashSet<long> _fragmented = [];

    private WatchStream(EtcdCall call)
    {
        _call = call;
        _session = call.Keyspace.Watches.OpenWatches(call.Caller);
    }

    public static async Task RunAsync(EtcdCall call)
    {
        using var stream = new WatchStream(call);
        List<Task> loops = [stream.ReadClientAsync(), stream.ReadSessionAsync()];
        if (call.WantsLeader)
        {
            loops.Add(stream.EndWithoutLeaderAsync());
        }

        var first = await Task.WhenAny(loops);
        call.End();
        await Task.WhenAll(loops).ContinueWith(_ => { }, TaskScheduler.Default);
        await first;
    }

    public void Dispose()
    {
        _session.Dispose();
        _writing.Dispose();
    }

    private async Task ReadClientAsync()
    {
        while (await _call.ReadAsync<Wire.WatchRequest>() is { } request)
        {
            switch (request.RequestUnionCase)
            {
                case Part.CreateRequest:
                    await CreateAsync(request.CreateRequest);
                    break;
                case Part.CancelRequest:
                    _session.Cancel(request.CancelRequest.WatchId);
                    break;
                case Part.ProgressRequest:
                    _session.RequestProgress();
                    break;
                default:
                    // etcd overlooks it as well.
                    break;
            }
        }

        await Task.Delay(Timeout.Infinite, _call.Ended);
    }

    private async ValueTask CreateAsync(Wire.WatchCreateRequest request)
    {
        if (request.StartRevision < 0)
        {
            var header = _call.HeaderOf(_call.Keyspace.Cluster.Revision);
            await WriteAsync(Refusal(header, EtcdStatus.Compacted.Message));
            return;
        }

        await _created.Writer.WriteAsync(request.Fragment, _call.Ended);
        _session.Create(new WatchRequest
        {
            Key = request.Key.IsEmpty ? new byte[1] : request.Key.Memory,
            RangeEnd = request.RangeEnd.Memory,
            StartRevision = request.StartRevision,
            WithPrevious = request.PrevKv,
            WithoutPuts = request.Filters.Contains(Filter.Noput),
            WithoutDeletes = request.Filters.Contains(Filter.Nodelete),
            WithProgress = request.ProgressNotify,
            Id = request.WatchId is 0 or NoWatch ? null : request.WatchId,
        });
    }

    private async Task ReadSessionAsync()
    {
        while (true)
        {
            var message = await _session.ReadAsync(_call.Ended);
            if (message.Large is { } large)
            {
                await WriteLargeAsync(message, large);
            }
            else
            {
                await WriteAsync(AnswerTo(message));
            }
        }
    }

    private async Task EndWithoutLeaderAsync()
    {
        using var timer = new PeriodicTimer(TimeBetweenLooks, _call.Services.Clock);
        for (var looks = 0; looks < MaxLooksWithoutLeader;)
        {
            await timer.WaitForNextTickAsync(_call.Ended);
            looks = _call.Keyspace.Cluster.LeaderUrl is null ? looks + 1 : 0;
        }

        EtcdStatus.NoLeader.Throw();
    }

    private async ValueTask WriteAsync(WatchAnswer answer)
    {
        await _writing.WaitAsync(_call.Ended);
        try
        {
            await _call.WriteAsync<Wire.WatchResponse, WatchAnswer>(answer);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>A revision that does not fit a message: as fragments, or as one message that is never whole in memory.</summary>
    /// <exception cref="EtcdException">It was compacted before all of it was read. The client watches again, from that revision.</exception>
    private async ValueTask WriteLargeAsync(WatchMessage message, ILargeRevision large)
    {
        try
        {
            if (_fragmented.Contains(message.Id))
            {
                await WriteFragmentsAsync(message, large);
            }
            else
            {
                await WriteJoinedAsync(message, large);
            }
        }
        catch (StoreException failure) when (failure.Code == ErrorCode.Compacted)
        {
            throw new EtcdException(new EtcdStatus(GrpcCode.Unavailable, $"raftd: {failure.Message}"));
        }
    }

    private async ValueTask WriteFragmentsAsync(WatchMessage message, ILargeRevision large)
    {
        using var pieces = large.Read().GetEnumerator();
        for (var hasNext = pieces.MoveNext(); hasNext;)
        {
            var events = pieces.Current;
            hasNext = pieces.MoveNext();
            await WriteAsync(EventsOf(message, events) with { Fragment = hasNext });
        }
    }

    private async ValueTask WriteJoinedAsync(WatchMessage message, ILargeRevision large)
    {
        await _writing.WaitAsync(_call.Ended);
        try
        {
            await _call.WriteJoinedAsync<Wire.WatchResponse, WatchAnswer>(() => large.Read()
                .Select(events => new WatchAnswer { Header = null, Events = events })
                .Prepend(EventsOf(message, [])));
        }
        finally
        {
            _writing.Release();
        }
    }

    private WatchAnswer AnswerTo(WatchMessage message)
    {
        switch (message.Kind)
        {
            case WatchMessageKind.Created:
                if (TakesFragments())
                {
                    _fragmented.Add(message.Id);
                }

                return new WatchAnswer { Header = _call.HeaderOf(message.Revision), WatchId = message.Id, Created = true };
            case WatchMessageKind.Events:
                return EventsOf(message, message.Events);
            case WatchMessageKind.Progress:
                return new WatchAnswer { Header = _call.HeaderOf(message.Revision), WatchId = message.Id };
            default:
                return EndOf(message);
        }
    }

    private bool TakesFragments() => _created.Reader.TryRead(out var takes) && takes;

    private WatchAnswer EventsOf(WatchMessage message, IReadOnlyList<WatchEvent> events) =>
        new() { Header = _call.HeaderOf(message.Revision), WatchId = message.Id, Events = events };

    private WatchAnswer EndOf(WatchMessage message)
    {
        if (message.Id == NoWatch)
        {
            TakesFragments();
            return Refusal(_call.HeaderOf(message.Revision), ReasonOf(message.End));
        }

        _fragmented.Remove(message.Id);
        return new WatchAnswer
        {
            Header = _call.HeaderOf(message.End == WatchEnd.Compacted ? 0 : message.Revision),
            WatchId = message.Id,
            Canceled = true,
            CompactRevision = message.End == WatchEnd.Compacted ? message.CompactRevision : 0,
            CancelReason = ReasonOf(message.End),
        };
    }

    private static string ReasonOf(WatchEnd end) => end switch
    {
        WatchEnd.EmptyRange => "mvcc: watcher range is empty",
        WatchEnd.DuplicateId => "mvcc: duplicate watch ID provided on the WatchStream",
        WatchEnd.Denied => "rpc error: code = PermissionDenied desc = etcdserver: permission denied",
        WatchEnd.TooMany => "raftd: this member has as many watches as it may have",
        _ => "",
    };

    private static WatchAnswer Refusal(AnswerHeader header, string reason) => new()
    {
        Header = header,
        WatchId = NoWatch,
        Created = true,
        Canceled = true,
        CancelReason = reason,
    };
}
