using System.Threading.Channels;
using Raftd.Contract;

namespace Raftd.State.Watch;

/// <summary>The watches of one stream of a client, and what it has still to read.</summary>
/// <remarks>
/// The hub asks for room before it gives events; a reader that makes room tells the hub. Answers to the client's own requests
/// do not wait for room: a client that asks on and on and reads nothing is ended.
/// </remarks>
public sealed class WatchSession : IWatchSession
{
    private const int MessageBytes = 64;

    /// <summary>Answers and events that wait to be read while the client asks for more.</summary>
    private const long MaxAnswerBytes = 4 << 20;

    /// <summary>Requests that wait for the hub.</summary>
    private const int MaxAsked = 10_000;

    private readonly WatchHub _hub;
    private readonly Channel<WatchMessage> _messages = Channel.CreateUnbounded<WatchMessage>(
        new UnboundedChannelOptions { SingleReader = true });

    private long _bytes;
    private int _isWaiting;
    private int _asked;
    private volatile bool _isClosed;

    internal WatchSession(WatchHub hub) => _hub = hub;

    /// <summary>Its watches by their numbers, dead ones included. The hub's thread alone, like what follows.</summary>
    internal Dictionary<long, Watcher> Watchers { get; } = [];

    /// <summary>Those of its watches that wait for room.</summary>
    internal List<Watcher> Blocked { get; } = [];

    internal bool IsClosed => _isClosed;

    /// <summary>A reader that makes room has to say so. Any thread.</summary>
    internal bool IsWaiting => Volatile.Read(ref _isWaiting) != 0;

    internal long NextId { get; set; }

    /// <summary>One of its requests waits for the view, and so do those behind it.</summary>
    internal bool IsHeld { get; set; }

    /// <summary>Bytes that are not read yet. Any thread.</summary>
    internal long Bytes => Volatile.Read(ref _bytes);

    public void Create(WatchRequest request) => Ask(new WatchOrder.Create(request, request.StartRevision == 0 ? _hub.SeekTold() : 0));

    public void Cancel(long id) => Ask(new WatchOrder.Cancel(id));

    public void RequestProgress() => Ask(new WatchOrder.Progress());

    public async ValueTask<WatchMessage> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var message = await _messages.Reader.ReadAsync(cancellationToken);
            NoteRead(message);
            return message;
        }
        catch (ChannelClosedException closed)
        {
            throw closed.InnerException as StoreException ?? Stopped();
        }
    }

    /// <summary>As ReadAsync, without waiting; for readers that are stepped.</summary>
    public bool TryRead(out WatchMessage message)
    {
        if (!_messages.Reader.TryRead(out message!))
        {
            return false;
        }

        NoteRead(message);
        return true;
    }

    public void Dispose()
    {
        _messages.Writer.TryComplete();
        _hub.Post(this, new WatchOrder.Close());
    }

    internal void BeginWaiting() => Interlocked.Exchange(ref _isWaiting, 1);

    /// <returns>True for the one who ends the waiting, and has to see to it that the hub knows.</returns>
    internal bool StopWaiting() => Interlocked.Exchange(ref _isWaiting, 0) != 0;

    internal static StoreException Stopped() => new(ErrorCode.NotReady, "this member stops", "watch at another member");

    /// <summary>The hub has taken an order.</summary>
    internal void NoteTaken() => Interlocked.Decrement(ref _asked);

    /// <summary>A message that the client has asked for.</summary>
    internal void Answer(WatchMessage message)
    {
        if (Bytes > MaxAnswerBytes)
        {
            End(Flood());
            return;
        }

        Give(message);
    }

    internal void Give(WatchMessage message)
    {
        var size = SizeOf(message);
        Interlocked.Add(ref _bytes, size);
        _hub.CountQueued(size);
        if (!_messages.Writer.TryWrite(message))
        {
            // The reader has gone; what it has not read does not count any more.
            NoteRead(message);
        }
    }

    /// <summary>Any thread.</summary>
    internal void End(StoreException why)
    {
        _isClosed = true;
        _messages.Writer.TryComplete(why);
    }

    /// <summary>After Dispose: messages that stay unread give their room back.</summary>
    internal void Drain()
    {
        _isClosed = true;
        while (_messages.Reader.TryRead(out var message))
        {
            NoteRead(message);
        }
    }

    private static StoreException Flood() => new(
        ErrorCode.TooManyRequests, "too many requests and answers of this stream wait", "read the answers while asking for more");

    private void Ask(WatchOrder order)
    {
        if (Interlocked.Increment(ref _asked) > MaxAsked)
        {
            End(Flood());
            return;
        }

        _hub.Post(this, order);
    }

    private void NoteRead(WatchMessage message)
    {
        var size = SizeOf(message);
        Interlocked.Add(ref _bytes, -size);
        _hub.CountRead(this, size);
    }

    /// <summary>About what a message keeps in memory.</summary>
    internal static long SizeOf(WatchMessage message)
    {
        var size = (long)MessageBytes;
        foreach (var change in message.Events)
        {
            size += SizeOf(change.Key) + (change.Previous is { } previous ? SizeOf(previous) : 0);
        }

        return size;
    }

    private static long SizeOf(KeyValue version) => MessageBytes + version.Key.Length + version.Value.Length;
}

/// <summary>What a client asks of its session, in the order in which it asked.</summary>
internal abstract record WatchOrder
{
    /// <summary>By the client: counted until it is taken.</summary>
    internal virtual bool IsAsked => true;

    /// <param name="Request">Of the client.</param>
    /// <param name="Floor">Taken once the view shows this revision.</param>
    internal sealed record Create(WatchRequest Request, long Floor) : WatchOrder;

    internal sealed record Cancel(long Id) : WatchOrder;

    internal sealed record Progress : WatchOrder;

    /// <summary>The reader has made room for watches that wait for it.</summary>
    internal sealed record Room : WatchOrder
    {
        internal override bool IsAsked => false;
    }

    internal sealed record Close : WatchOrder
    {
        internal override bool IsAsked => false;
    }
}
