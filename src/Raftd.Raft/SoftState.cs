namespace Raftd.Raft;

/// <summary>What observers watch and a restart may forget.</summary>
public readonly record struct SoftState(NodeId Leader, RaftRole Role, ulong Term);
