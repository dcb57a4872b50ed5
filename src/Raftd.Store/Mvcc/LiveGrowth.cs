using Raftd.Store.Commands;

namespace Raftd.Store.Mvcc;

/// <summary>What a command would leave in the state once all history is compacted.</summary>
public static class LiveGrowth
{
    /// <summary>The logical bytes by which the live data grow, as this view tells: less than the command's own where it
    /// overwrites a key. For commands that CommandCodec.MaxGrowth counts.</summary>
    public static long Of(KeyspaceView view, ReadOnlyMemory<byte> command)
    {
        var growth = CommandCodec.MaxGrowth(command.Span);
        return CommandCodec.TryDecode(command, out var decoded) && OverwrittenBy(view, decoded) is { } former
            ? growth - former.LogicalBytes
            : growth;
    }

    private static KeyRecord? OverwrittenBy(KeyspaceView view, Command command) => command switch
    {
        PutCommand put => FindLive(view, put.Key.Span),
        LeaseKeepAliveCommand { Key: { } ownKey } keepAlive when view.LeasesById.Find(new NumberProbe(keepAlive.Id)) is { } lease =>
            FindLive(view, lease.FullKey(ownKey.Span)),
        _ => null,
    };

    private static KeyRecord? FindLive(KeyspaceView view, ReadOnlySpan<byte> key) =>
        view.Index.Find(new BytesProbe(key)) is { IsTombstone: false } live ? live : null;
}
