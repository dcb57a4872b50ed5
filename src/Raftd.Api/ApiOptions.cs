using Raftd.Api.Http;
using Raftd.Contract;

namespace Raftd.Api;

/// <summary>What the client port allows. Per process: members may differ, except where a property says otherwise.</summary>
public sealed record ApiOptions
{
    private const int Kibi = 1024;
    private const int Mebi = 1024 * 1024;
    private const int MostKeyBytes = 8 * Kibi;
    private const int MostRequestBytes = 60 * Mebi;

    public const int DefaultMaxKeyBytes = 4 * Kibi;

    /// <summary>Bytes of one value, flag -max-value-bytes.</summary>
    /// <remarks>Equal on all members: a value accepted by one is proposed to all.</remarks>
    public int MaxValueBytes { get; init; } = (int)Bounds.MaxValueBytes.Default;

    /// <summary>Bytes of one key of the REST face. Default 4 KiB; percent-encoded threefold it fits the request line.</summary>
    public int MaxKeyBytes { get; init; } = DefaultMaxKeyBytes;

    /// <summary>Bytes of all request bodies held at once, small ones excepted; above it 429 with Retry-After. Default 256 MiB.</summary>
    /// <remarks>At least twice MaxValueBytes, because a buffer that grows is there twice for a moment. A body is counted with
    /// the buffer that holds what has arrived of it, until the store has answered.</remarks>
    public long MaxBodiesInFlightBytes { get; init; } = 256L * Mebi;

    /// <summary>The same for bodies of up to 64 KiB, which large ones cannot keep out: keepalives. Default 64 MiB: 4 KiB, the
    /// least that a body counts, on each of MaxConnections.</summary>
    public long MaxSmallBodiesInFlightBytes { get; init; } = 64L * Mebi;

    /// <summary>Bytes of all answers above 4 KiB held at once; above it 429 with Retry-After. Default 256 MiB.</summary>
    /// <remarks>At least MaxValueBytes and twice MaxListingBytes. A value counts once, however many read it.</remarks>
    public long MaxAnswersInFlightBytes { get; init; } = 256L * Mebi;

    /// <summary>Bytes of the leases' names, keys and data in one listing of leased keys; above it 413. Default 64 MiB.</summary>
    public long MaxListingBytes { get; init; } = 64L * Mebi;

    /// <summary>What holds a part of these budgets moves at least this fast in the mean. Default 64 KiB/s: 32 MiB may take
    /// eight and a half minutes. 1 KiB/s at least.</summary>
    /// <remarks>A body has ten seconds and what its size takes at this rate, then it gets 408. A reader of an answer above
    /// 64 KiB is cut off when it has fallen five seconds behind.</remarks>
    public int MinTransferBytesPerSecond { get; init; } = 64 * Kibi;

    /// <summary>A member that does not lead answers 307 to the leader instead of forwarding, flag -redirect.</summary>
    public bool RedirectByDefault { get; init; }

    /// <summary>Of the URLs of members in answers: http, or https where the client port has TLS.</summary>
    /// <remarks>Equal on all members: each takes the others to be reached as it is itself.</remarks>
    public string Scheme { get; init; } = Uri.UriSchemeHttp;

    /// <summary>Of the members' peer addresses, where a client asks for them as URLs.</summary>
    public string PeerScheme { get; init; } = Uri.UriSchemeHttp;

    /// <summary>Host names that are answered beside those that no stranger can own (HostGuard), flag -allowed-hosts.</summary>
    public IReadOnlyList<HostPattern> AllowedHosts { get; init; } = [];

    /// <summary>This machine's names and those that this member tells others, without ports; answered as well. Addresses may
    /// be among them.</summary>
    public IReadOnlyList<string> OwnHosts { get; init; } = [];

    /// <summary>Bytes of the request line. Default 32 KiB: a key of 4 KiB percent-encoded, key64, and a query beside it.
    /// Kestrel's own default, 8 KiB, is too short for the key alone.</summary>
    public int MaxRequestLineBytes { get; init; } = 32 * Kibi;

    /// <summary>Bytes of all request headers. Default 32 KiB, Kestrel's own; covers what proxies add.</summary>
    public int MaxRequestHeadersBytes { get; init; } = 32 * Kibi;

    /// <summary>Number of request headers. Default 100, Kestrel's own.</summary>
    public int MaxRequestHeaderCount { get; init; } = 100;

    /// <summary>Open client connections. Default 16 384; Kestrel's default is none, which lets clients use up the file
    /// descriptors that the log and the peers need.</summary>
    public int MaxConnections { get; init; } = 16_384;

    /// <summary>An idle connection is closed after this. Default 130 s, Kestrel's own: longer than the 120 s of common
    /// load balancers, so that they close first.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(130);

    /// <summary>Request line and headers must be here within this. Default 15 s: a slow sender of headers holds a
    /// connection no longer.</summary>
    public TimeSpan RequestHeadersTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A body slower than this, after five seconds of grace, ends with 408. Default 1 KiB/s: a stalled sender
    /// is noticed before its deadline. 0 turns it off.</summary>
    public int MinRequestBodyBytesPerSecond { get; init; } = Kibi;

    /// <summary>A reader slower than this, after five seconds of grace, is cut off. Default 1 KiB/s; 0 turns it off.</summary>
    public int MinResponseBytesPerSecond { get; init; } = Kibi;

    /// <summary>Bytes of a write of the etcd API, as it stands in the log. Default 1.5 MiB, etcd's: its clients know what to
    /// expect. REST takes values up to MaxValueBytes.</summary>
    public int MaxRequestBytes { get; init; } = Bounds.DefaultMaxRequestBytes;

    /// <summary>Bytes of one message that a client of the etcd API sends.</summary>
    public int MaxMessageBytes => MaxRequestBytes + (512 * Kibi);

    /// <summary>Open requests, watches among them, on one connection of HTTP/2. Default 10 000: a client may open a stream
    /// for each watch.</summary>
    public int MaxStreamsPerConnection { get; init; } = 10_000;

    /// <summary>Bytes of memory for streams that are open, of the etcd API and watches of REST, of all connections, counted as 32 KiB each, which is
    /// about what one takes without a message under way. Default 2 GiB: 65 536 streams. A stream may have any number of watches.</summary>
    public long MaxOpenStreamBytes { get; init; } = 2048L * 1024 * Kibi;

    /// <summary>After this long without a byte from a client of HTTP/2 it is asked whether it is still there. Default 30 s.</summary>
    public TimeSpan PingDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>It answers within this, or its connection is closed. Default 20 s, as etcd's.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The longest `?wait=`. Default one hour.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Every problem of these options, naming property, value and bound; empty when there is none.</summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        Check(
            Bounds.MaxValueBytes.Holds(MaxValueBytes),
            $"max-value-bytes {MaxValueBytes} is not within {Bounds.MaxValueBytes.Least} and {Bounds.MaxValueBytes.Most}");
        Check(MaxKeyBytes is >= 1 and <= MostKeyBytes, $"max key bytes {MaxKeyBytes} is not within 1 and {MostKeyBytes}");
        Check(
            MaxBodiesInFlightBytes >= 2L * MaxValueBytes,
            $"max bodies in flight {MaxBodiesInFlightBytes} is below twice max-value-bytes {MaxValueBytes}");
        Check(
            MaxSmallBodiesInFlightBytes >= 2 * RequestBody.SmallBytes,
            $"max small bodies in flight {MaxSmallBodiesInFlightBytes} is below {2 * RequestBody.SmallBytes}");
        Check(
            MaxAnswersInFlightBytes >= MaxValueBytes,
            $"max answers in flight {MaxAnswersInFlightBytes} is below max-value-bytes {MaxValueBytes}");
        Check(
            MaxListingBytes >= 1 && 2 * MaxListingBytes <= MaxAnswersInFlightBytes,
            $"max listing bytes {MaxListingBytes} is not within 1 and half of max answers in flight {MaxAnswersInFlightBytes}");
        Check(MinTransferBytesPerSecond >= Kibi, $"min transfer rate {MinTransferBytesPerSecond} is below 1024");
        Check(
            MaxRequestLineBytes >= (3 * MaxKeyBytes) + Kibi,
            $"max request line {MaxRequestLineBytes} is below three times the longest key and 1 KiB");
        Check(MaxRequestHeadersBytes >= Kibi, $"max request headers {MaxRequestHeadersBytes} is below 1 KiB");
        Check(MaxRequestHeaderCount >= 16, $"max request header count {MaxRequestHeaderCount} is below 16");
        Check(MaxConnections >= 1, $"max connections {MaxConnections} is below 1");
        Check(KeepAliveTimeout > TimeSpan.Zero, $"keep-alive timeout {KeepAliveTimeout} is not above 0");
        Check(RequestHeadersTimeout > TimeSpan.Zero, $"request headers timeout {RequestHeadersTimeout} is not above 0");
        Check(MinRequestBodyBytesPerSecond >= 0, $"min request rate {MinRequestBodyBytesPerSecond} is below 0");
        Check(MinResponseBytesPerSecond >= 0, $"min response rate {MinResponseBytesPerSecond} is below 0");
        Check(
            MaxRequestBytes is >= Kibi and <= MostRequestBytes,
            $"max request bytes {MaxRequestBytes} is not within {Kibi} and {MostRequestBytes}");
        Check(MaxStreamsPerConnection >= 1, $"max streams per connection {MaxStreamsPerConnection} is below 1");
        Check(PingDelay >= TimeSpan.FromSeconds(1), $"ping delay {PingDelay} is below 1 s");
        Check(PingTimeout >= TimeSpan.FromSeconds(1), $"ping timeout {PingTimeout} is below 1 s");
        Check(MaxWait > TimeSpan.Zero, $"max wait {MaxWait} is not above 0");
        return problems;

        void Check(bool holds, string problem)
        {
            if (!holds)
            {
                problems.Add(problem);
            }
        }
    }
}
