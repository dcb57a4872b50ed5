namespace Raftd.Raft;

/// <summary>The answer to a read request: once the state has applied <paramref name="Index"/>, reading it is linearizable.</summary>
public readonly record struct ReadState(ulong Context, ulong Index);
