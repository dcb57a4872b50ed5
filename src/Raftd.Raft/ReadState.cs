namespace Raftd.Raft;

/// <summary>The answer to a read request: a state that has applied <paramref name="Index"/> gives linearizable reads.</summary>
/// <remarks>A state that has applied more is as good: it shows later writes too, all of them committed.</remarks>
public readonly record struct ReadState(ulong Context, ulong Index);
