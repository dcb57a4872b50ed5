using Raftd.Node;

namespace Raftd.PowerLoss.Tests.Recording;

/// <summary>See the top of Workloads.</summary>
internal static class FollowerWorkload
{
    private const int WritesEach = 40;

    // Segments of the log for each flush: a log that lets go of one too early, or a flush that is not durable when it
    // says so, leaves a hole between the two for most of the time.
    private const long FlushBytes = 96 << 10;
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(150);

    public static async Task RunAsync(string folder, Notes notes, int life)
    {
        await using var a = await Members.StartAsync(Members.OptionsOf(folder, "a"));
        var c = await Members.JoinAsync(a, Members.OptionsOf(folder, "c"));
        var load = new Load(a.KeyValues, notes, life);
        var options = Members.RecordedOptions(folder) with { FlushBytes = FlushBytes, FlushInterval = FlushInterval };

        await WriteUntilLogGoesOnAsync(a, load, 1);
        await using (var b = await Members.JoinAsync(a, options, notes))
        {
            await load.RunAsync(WritesEach);
            await Members.WaitForAsync(b, a);
        }

        await WriteUntilLogGoesOnAsync(a, load, a.Member!.Wal.LastIndex);
        await using var again = await Members.StartAsync(options);
        await Members.WaitForAsync(again, a);
        await c.DisposeAsync();
        notes.Add(new Note(NoteKind.Binding));
        await load.RunAsync(WritesEach);
        Members.RequireLeader(a);
    }

    /// <summary>Entries up to that one are no longer in the leader's log: who lacks them needs a snapshot.</summary>
    private static async Task WriteUntilLogGoesOnAsync(RaftdNode leader, Load load, ulong index)
    {
        do
        {
            await load.RunAsync(WritesEach);
        }
        while (leader.Member!.Wal.FirstIndex <= index + 1);
    }
}
