using Google.Protobuf;
using Raftd.Api.Wire;

namespace Raftd.Cluster.Tests.Chaos.Watching;

/// <summary>Asks for a compaction every 100 ms, at any member. How much of the history it leaves changes now and then: nothing, so
/// that all that lag lose some of it, or enough for most.</summary>
internal sealed class Compactor(Connections connections, TrueHistory truth, int seed)
{
    private const int Group = 0;

    // Three seconds.
    private const int TurnsOfOneKind = 30;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly int[] Kept = [0, 300, 3000];

    public int Compactions { get; private set; }

    public async Task RunAsync(CancellationToken stop)
    {
        var random = new Random(seed);
        using var timer = new PeriodicTimer(Interval);
        try
        {
            for (var (turn, kept) = (0, 0); await timer.WaitForNextTickAsync(stop); turn++)
            {
                kept = turn % TurnsOfOneKind == 0 ? Kept[random.Next(Kept.Length)] : kept;
                await CompactAsync(truth.Complete - kept, random.Next(connections.Members), stop);
            }
        }
        catch (OperationCanceledException)
        {
            // At rest.
        }
    }

    private async Task CompactAsync(long revision, int member, CancellationToken stop)
    {
        // After a rest the state was looked at already: what would go is behind that.
        if (revision <= truth.CompactAsked || revision < truth.CheckedTo)
        {
            return;
        }

        // The last look at what is about to go.
        var state = await connections.ReadAsync(Group, Everything(revision, keysOnly: true), stop);
        truth.CheckState(revision, state!.Kvs, hasValues: false);
        truth.AskCompaction(revision);
        var answer = await connections.TryAsync(Group, member, "KV/Compact", new CompactionRequest { Revision = revision }, CompactionResponse.Parser);
        Compactions += answer?.Code == 0 ? 1 : 0;
    }

    public static RangeRequest Everything(long revision, bool keysOnly = false) =>
        new() { Key = ByteString.CopyFrom(0), RangeEnd = ByteString.CopyFrom(0), Revision = revision, KeysOnly = keysOnly };
}
