using Raftd.State.Keyspaces;
using Raftd.State.Leases;
using Raftd.State.Views;

namespace Raftd.State.Commands;

/// <summary>What a command would leave in the state once all history is compacted.</summary>
public static class LiveGrowth
{
    /// <summary>The logical bytes by which the live data grow, as this view tells: less than the command's own where it
    /// overwrites a key. For commands that CommandCodec.MaxGrowth counts.</summary>
    public static long Of(IStateView view, ReadOnlyMemory<byte> command) => Of(view, view.FindLease, command);

    internal static long Of(IKeyReads keys, Func<long, LeaseRecord?> findLease, ReadOnlyMemory<byte> command)
    {
        var growth = CommandCodec.MaxGrowth(command.Span);
        return CommandCodec.TryDecode(command, out var decoded) ? decoded.LiveGrowth(keys, findLease, growth) : growth;
    }
}
