using Google.Protobuf;
using Raftd.Api.Wire;
using Filter = Raftd.Api.Wire.WatchCreateRequest.Types.FilterType;

namespace Raftd.Cluster.Tests.Chaos.Watching;

/// <summary>Where a watch begins.</summary>
internal enum Beginning
{
    /// <summary>With what comes after its creation.</summary>
    Now,

    /// <summary>Behind a read of its range.</summary>
    State,

    /// <summary>Behind a read of its range as it was some time ago.</summary>
    Past,
}

/// <summary>What a client wants to watch, and how it goes on after a broken stream.</summary>
internal sealed record WatchShape
{
    /// <summary>The first key, and the key that says "all".</summary>
    private static readonly ByteString Zero = ByteString.CopyFrom(0);

    public required ByteString Key { get; init; }

    public ByteString End { get; init; } = ByteString.Empty;

    public Beginning Beginning { get; init; }

    public bool WithPrevious { get; init; }

    public Filter? Without { get; init; }

    public bool TakesFragments { get; init; }

    public bool WantsProgress { get; init; }

    /// <summary>It goes on behind the revision of the last header, as JavaScript's client does, and not behind the last event, as
    /// Go's does.</summary>
    public bool TrustsHeaders { get; init; }

    public bool IsEverything => Key == Zero && Without is null;

    public static WatchShape Draw(Random random, bool everything = false)
    {
        var (key, end) = everything ? (Zero, Zero) : DrawRange(random);
        return new WatchShape
        {
            Key = key,
            End = end,
            Beginning = (Beginning)random.Next(3),
            WithPrevious = random.Next(3) == 0,
            Without = everything ? null : random.Next(8) switch { 0 => Filter.Noput, 1 => Filter.Nodelete, _ => null },
            TakesFragments = random.Next(3) == 0,
            WantsProgress = random.Next(3) == 0,
            TrustsHeaders = random.Next(3) == 0,
        };
    }

    public bool Wants(TrueChange change) => Holds(change.Key) && Without != (change.IsDelete ? Filter.Nodelete : Filter.Noput);

    public bool Holds(ByteString key) =>
        End.IsEmpty ? key == Key
        : key.Span.SequenceCompareTo(Key.Span) >= 0 && (End == Zero || key.Span.SequenceCompareTo(End.Span) < 0);

    public WatchCreateRequest CreateRequest(long startRevision)
    {
        var request = new WatchCreateRequest
        {
            Key = Key,
            RangeEnd = End,
            StartRevision = startRevision,
            PrevKv = WithPrevious,
            Fragment = TakesFragments,
            ProgressNotify = WantsProgress,
        };
        if (Without is { } filter)
        {
            request.Filters.Add(filter);
        }

        return request;
    }

    private static (ByteString Key, ByteString End) DrawRange(Random random)
    {
        var number = random.Next(WatchedLoad.Keys);
        return random.Next(10) switch
        {
            0 => Prefix(WatchedLoad.Leased),
            1 => Prefix(WatchedLoad.Key(number).ToStringUtf8()[..^1]),
            2 => (WatchedLoad.Key(number), WatchedLoad.Key(number + random.Next(1, 10))),
            _ => (WatchedLoad.Key(number), ByteString.Empty),
        };
    }

    private static (ByteString Key, ByteString End) Prefix(string text) =>
        (ByteString.CopyFromUtf8(text), ByteString.CopyFromUtf8(text[..^1] + (char)(text[^1] + 1)));
}
