namespace Raftd.State.Commands;

/// <summary>How far the state has come. Index 0 is the empty state.</summary>
/// <param name="Index">Of the last entry applied.</param>
/// <param name="Term">Its Raft term.</param>
/// <param name="Hash">The hash chain up to it; equal on all members that have applied the same entries.</param>
public readonly record struct AppliedState(ulong Index, ulong Term, ulong Hash);
