using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Raftd.Api.Etcd.Codecs;
using Raftd.Api.Http;
using Raftd.Contract;

namespace Raftd.Api.Etcd;

/// <summary>Reads a value from the bytes of a message.</summary>
internal delegate TValue EncodedReader<TValue>(ProtoReader message);

/// <summary>One call under way, from either face. One at a time reads, one at a time writes.</summary>
internal abstract class EtcdCall(HttpContext context, ApiServices services) : IDisposable
{
    private const string HasLeaderKey = "hasleader";
    private const string BucketKey = "raftd-bucket";

    // A smaller answer is not counted: Kestrel's buffers have room for it.
    private const int SmallAnswerBytes = 4 * 1024;

    private bool _isStream;
    private ByteBudget.Share? _stream;
    private CancellationTokenSource? _deadline;
    private CancellationTokenSource? _ended;

    public HttpContext Context { get; } = context;

    public ApiServices Services { get; } = services;

    /// <summary>That of the bucket which the client names, or the default one.</summary>
    public Keyspace Keyspace { get; private set; } = services.Keyspaces.Default;

    /// <summary>Who asks. There is no way yet in which a client could say so.</summary>
    public Caller Caller { get; } = Caller.Nobody;

    /// <summary>The client's time is up. For what the store ends by itself: a client that goes away does not undo a write.</summary>
    public CancellationToken Deadline => _deadline?.Token ?? default;

    public bool IsPastDeadline => _deadline is { IsCancellationRequested: true };

    /// <summary>Makes the call's other parts end: one of them has.</summary>
    public void End()
    {
        _ = Ended;
        _ended!.Cancel();
    }

    public bool IsStopping => Services.Stopping.IsCancellationRequested;

    /// <summary>The client's time is up, it has gone, or the server stops. For what lasts.</summary>
    public CancellationToken Ended =>
        (_ended ??= CancellationTokenSource.CreateLinkedTokenSource(Context.RequestAborted, Deadline, Services.Stopping)).Token;

    /// <summary>The client wants its stream to end where this member has no leader.</summary>
    public bool WantsLeader { get; private set; }

    /// <summary>What comes before the first message, in both faces.</summary>
    /// <param name="method">That is called.</param>
    /// <param name="timeout">The client's; null for none.</param>
    /// <param name="bucket">That the path names; null for none.</param>
    /// <exception cref="EtcdException">The client wants a leader, and there is none; or it names two buckets.</exception>
    /// <exception cref="StoreException">There is no such bucket.</exception>
    /// <exception cref="ApiException">429: as many streams are open as may be.</exception>
    protected async ValueTask BeginAsync(EtcdMethod method, TimeSpan? timeout, string? bucket)
    {
        if (timeout is { } limit)
        {
            _deadline = new CancellationTokenSource(limit, Services.Clock);
        }

        if (BucketNamed(bucket) is { } name)
        {
            Keyspace = BucketNames.Problem(name) is { } problem
                ? throw new EtcdException(EtcdStatus.Wrong($"raftd: {problem}"))
                : await Services.Keyspaces.FindAsync(name, Deadline);
        }

        _isStream = method.IsStream;
        WantsLeader = Metadata(HasLeaderKey) == "true";
        if (WantsLeader && Keyspace.Cluster.LeaderUrl is null)
        {
            EtcdStatus.NoLeader.Throw();
        }

        if (_isStream)
        {
            _stream = Services.OpenStream();
            LetBeSilent();
        }
    }

    private string? BucketNamed(string? inPath)
    {
        var inMetadata = Metadata(BucketKey);
        return inPath is null || inMetadata is null || inPath == inMetadata
            ? inPath ?? inMetadata
            : throw new EtcdException(EtcdStatus.Wrong($"raftd: the path names the bucket {inPath}, and {BucketKey} another one"));
    }

    private void LetBeSilent()
    {
        if (Context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            // A stream may be silent for days. Whether the client is there, pings of the connection tell.
            rate.MinDataRate = null;
        }
    }

    public AnswerHeader HeaderOf(long revision) => new(Keyspace.Cluster.Origin, revision);

    /// <summary>What the client said beside its messages; null for nothing.</summary>
    public abstract string? Metadata(string name);

    /// <returns>Null when the client sends no more.</returns>
    public abstract ValueTask<T?> ReadAsync<T>()
        where T : class, IMessage, new();

    /// <summary>The only message of the client.</summary>
    public abstract ValueTask<T> ReadOneAsync<T>()
        where T : class, IMessage, new();

    /// <summary>As ReadAsync, without making the message.</summary>
    /// <param name="read">Reads it from its bytes, which are gone when it ends.</param>
    public abstract ValueTask<TValue?> ReadAsync<T, TValue>(EncodedReader<TValue> read)
        where T : class, IMessage, new()
        where TValue : struct;

    /// <summary>The bytes of the client's only message, which last as long as the call.</summary>
    public abstract ValueTask<ReadOnlyMemory<byte>> ReadOneEncodedAsync<T>()
        where T : class, IMessage, new();

    /// <summary>The only message of the server.</summary>
    public abstract ValueTask AnswerAsync(IMessage message);

    public abstract ValueTask AnswerAsync<T, TAnswer>(TAnswer answer)
        where T : class, IMessage, new()
        where TAnswer : struct, IEncodedAnswer;

    /// <summary>One of many messages; it is on its way when this ends.</summary>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public abstract ValueTask WriteAsync(IMessage message);

    /// <inheritdoc cref="WriteAsync(IMessage)"/>
    public abstract ValueTask WriteAsync<T, TAnswer>(TAnswer answer)
        where T : class, IMessage, new()
        where TAnswer : struct, IEncodedAnswer;

    /// <summary>One of many messages, as large as it may be: its parts are made one after the other, and Protobuf reads parts that
    /// stand behind each other as one message.</summary>
    /// <param name="parts">Makes them; asked twice, since a message begins with its length.</param>
    /// <exception cref="EtcdException">The message would be larger than any client can take.</exception>
    /// <exception cref="OperationCanceledException">The client is gone, or was cut off because the parts were not the same the second
    /// time.</exception>
    public abstract ValueTask WriteJoinedAsync<T, TAnswer>(Func<IEnumerable<TAnswer>> parts)
        where T : class, IMessage, new()
        where TAnswer : struct, IEncodedAnswer;

    /// <summary>Waits for what may not know the client's deadline, or know it late.</summary>
    public async ValueTask<T> WithinDeadlineAsync<T>(ValueTask<T> answer) =>
        _deadline is null ? await answer : await answer.AsTask().WaitAsync(_deadline.Token);

    public void Dispose()
    {
        Release();
        _stream?.Dispose();
        _ended?.Dispose();
        _deadline?.Dispose();
    }

    /// <summary>Ends waiting for the client. Asking for the request's own end costs an allocation: streams alone pay it.</summary>
    protected CancellationToken Waiting => _isStream ? Ended : Deadline;

    protected static bool IsSmall(long answerBytes) => answerBytes <= SmallAnswerBytes;

    protected static EtcdException TooSlow() =>
        new(new EtcdStatus(GrpcCode.DeadlineExceeded, "raftd: the message came too slowly"));

    /// <summary>For the rest of a message that has begun.</summary>
    protected Patience PatienceFor(long bytes) => new(bytes, Services, Waiting);

    /// <summary>Counts an answer until the client has taken it.</summary>
    /// <exception cref="ApiException">429.</exception>
    protected ByteBudget.Share? Hold(long answerBytes) => IsSmall(answerBytes) ? null : Services.Answers.Hold(answerBytes);

    /// <summary>Sends what has been written. A client that takes too long over a large answer is cut off: it holds a part of
    /// what all clients share.</summary>
    /// <exception cref="OperationCanceledException">The client is gone, or was cut off.</exception>
    protected async ValueTask FlushAsync(long answerBytes)
    {
        using var patience = IsSmall(answerBytes) ? null : PatienceFor(answerBytes);
        try
        {
            if ((await Context.Response.BodyWriter.FlushAsync(patience?.Token ?? Waiting)).IsCompleted)
            {
                throw new OperationCanceledException("the client reads no more");
            }
        }
        catch (OperationCanceledException) when (patience is { IsOver: true })
        {
            // Half an answer must not look like a whole one.
            Context.Abort();
            throw;
        }
    }

    /// <summary>The bytes of all parts together.</summary>
    /// <exception cref="EtcdException">They are more than the limit.</exception>
    protected async ValueTask<long> CountAsync<TAnswer>(IEnumerable<TAnswer> parts, long limit)
        where TAnswer : struct, IEncodedAnswer
    {
        var bytes = 0L;
        foreach (var part in parts)
        {
            bytes += part.Bytes;
            if (bytes > limit)
            {
                throw new EtcdException(new EtcdStatus(
                    GrpcCode.ResourceExhausted, $"raftd: a message above {limit} bytes would have to be sent; ask for fragments, or for less"));
            }

            // Each part is read from the store: a thread of the pool is not kept for all of them.
            await Task.Yield();
            Waiting.ThrowIfCancellationRequested();
        }

        return bytes;
    }

    /// <summary>Gives back what is held of budgets.</summary>
    protected abstract void Release();
}
