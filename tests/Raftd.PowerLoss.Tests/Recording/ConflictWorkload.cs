using Raftd.Contract;
using Raftd.Node;
using Raftd.Testing;

namespace Raftd.PowerLoss.Tests.Recording;

/// <summary>See the top of Workloads.</summary>
internal static class ConflictWorkload
{
    private const int WritesEach = 40;
    private const int LonelyEntries = 60;

    // So that the others still have the entries that take the place of the lonely ones, and send no snapshot.
    private const long Retention = 4 << 20;

    public static async Task RunAsync(string folder, Notes notes, int life)
    {
        var (first, second) = (OptionsOf(folder, "a"), OptionsOf(folder, "c"));
        var recorded = Members.RecordedOptions(folder) with { WalRetentionBytes = Retention };
        var lonely = await WriteAloneAsync(first, second, recorded, notes, life);

        await using var a = await Members.StartAsync(first);
        await using var c = await Members.StartAsync(second);
        await Until.TrueAsync("a or c leads", () => a.Member!.Replica.IsPromoted || c.Member!.Replica.IsPromoted);
        var (leader, other) = a.Cluster.IsLeader ? (a, c) : (c, a);
        var load = new Load(leader.KeyValues, notes, life + 1);
        await load.RunAsync(WritesEach);

        await using var b = await Members.StartAsync(recorded);
        await Members.WaitForAsync(b, leader);
        if (b.Member!.Wal.Term(lonely.Index) == lonely.Term)
        {
            throw new InvalidOperationException($"entry {lonely.Index} of term {lonely.Term} is still there: no conflict");
        }

        await other.DisposeAsync();
        notes.Add(new Note(NoteKind.Binding));
        await load.RunAsync(WritesEach);
        Members.RequireLeader(leader);
    }

    /// <summary>The recorded member leads, is left alone and goes on logging for as long as it does not notice.</summary>
    /// <returns>The first entry that no other member has.</returns>
    private static async Task<(ulong Index, ulong Term)> WriteAloneAsync(
        NodeOptions first, NodeOptions second, NodeOptions recorded, Notes notes, int life)
    {
        await using var a = await Members.StartAsync(first);
        await using var c = await Members.JoinAsync(a, second);
        await using var b = await Members.JoinAsync(a, recorded, notes);
        await new Load(a.KeyValues, notes, life).RunAsync(WritesEach);
        await a.Cluster.TransferLeadershipAsync(Caller.Nobody, b.Cluster.Status().MemberId, CancellationToken.None);
        await Until.TrueAsync("b leads", () => b.Member!.Replica.IsPromoted);
        await Members.WaitForAsync(a, b);
        await Members.WaitForAsync(c, b);
        await Task.WhenAll(a.DisposeAsync().AsTask(), c.DisposeAsync().AsTask());

        var log = b.Member!.Wal;
        var entry = (Index: log.LastIndex + 1, b.Member.Replica.Status.Term);
        for (var i = 0; i < LonelyEntries; i++)
        {
            // Of no effect on what a read shows, so a member that applies it all the same still has the keys as they were told.
            _ = b.Member.Replica.ProposeAsync(By.Nobody.Compact(1));
        }

        await Until.TrueAsync("the lonely entries are durable", () => log.SyncedIndex >= entry.Index + LonelyEntries - 1);
        return entry;
    }

    private static NodeOptions OptionsOf(string folder, string label) =>
        Members.OptionsOf(folder, label) with { WalRetentionBytes = Retention };
}
