namespace Raftd.Raft;

/// <summary>What observers want to know and a restart may forget.</summary>
public readonly record struct SoftState(NodeId Leader, RaftRole Role, ulong Term);
